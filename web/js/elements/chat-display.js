/**
 * The display area under an answer. Code is shown as code; everything else is HTML of the action or of
 * `mastrogpt/display`, and stands in a sandbox: a page of its own that runs nothing it is given.
 */

import { t } from "../i18n.js"
import { wish } from "./parts.js"

const FRAME = "/display.html"
const MAX_HEIGHT_PX = 4_000

export class ChatDisplay extends HTMLElement {
  #data

  /** @param {Record<string, unknown>} data */
  constructor(data) {
    super()
    this.#data = data
  }

  connectedCallback() {
    if (this.firstChild) return
    this.className = "display"
    const { html, code, language } = this.#data
    if (typeof code === "string") this.#showCode(code, typeof language === "string" ? language : "")
    else if (typeof html === "string" && Object.keys(this.#data).length === 1) this.showHtml(html)
    else this.#ask()
  }

  /** @param {string} html */
  showHtml(html) {
    const frame = document.createElement("iframe")
    frame.className = "display__frame"
    frame.sandbox.add("allow-scripts", "allow-popups", "allow-popups-to-escape-sandbox")
    frame.title = t("display.title")
    frame.src = FRAME
    addEventListener("message", ({ source, data }) => {
      if (source !== frame.contentWindow) return
      if (data === "ready") frame.contentWindow?.postMessage(html, "*")
      else if (typeof data === "number") frame.height = String(Math.min(Math.ceil(data), MAX_HEIGHT_PX))
    })
    this.replaceChildren(frame)
  }

  /** @param {string} words */
  showProblem(words) {
    const note = document.createElement("p")
    note.className = "display__problem"
    note.textContent = words
    this.replaceChildren(note)
    this.#showCode(JSON.stringify(this.#data, null, 2), "json")
  }

  /**
   * @param {string} code
   * @param {string} language
   */
  async #showCode(code, language) {
    const { codeBlock } = await import("../markdown/code-block.js")
    const { highlight } = await import("../markdown/highlight.js")
    const block = codeBlock(language, code)
    this.append(block)
    const element = block.querySelector("code")
    if (element) highlight(element)
  }

  #ask() {
    wish(this, "display", { data: this.#data, into: this })
  }
}

customElements.define("chat-display", ChatDisplay)
