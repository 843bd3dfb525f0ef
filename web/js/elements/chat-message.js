/** One message of the transcript. */

import { exhibitIn, fieldsIn, optionsIn } from "../answer.js"
import { seconds } from "../figures.js"
import { t } from "../i18n.js"
import { isRunning } from "../store.js"
import { showEnd } from "./message-end.js"
import { fromTemplate, part, wish } from "./parts.js"
import { StreamedText } from "./streamed-text.js"

/** @import { Delta, Message } from "../state.js" */

export class ChatMessage extends HTMLElement {
  /** @type {Message} */
  #message
  #author
  /** @type {StreamedText} */
  #text
  /** @type {StreamedText} */
  #thinking
  #complete = false

  /**
   * @param {Message} message
   * @param {string} author name of the action that answers
   */
  constructor(message, author) {
    super()
    this.#message = message
    this.#author = author
    this.#text = new StreamedText(document.createElement("div"), false)
    this.#thinking = new StreamedText(document.createElement("div"), false)
  }

  connectedCallback() {
    if (this.firstChild) return
    const { id, from, opening } = this.#message
    this.className = "message"
    this.setAttribute("role", "article")
    this.dataset.id = id
    this.dataset.from = from
    this.toggleAttribute("data-opening", opening)
    this.tabIndex = -1
    this.append(fromTemplate(from === "user" ? "question" : "reply"))
    const author = from === "user" ? t("message.you") : t("message.reply", { name: this.#author })
    part(this, "author").textContent = author
    // Who moves from message to message hears whose each is.
    this.setAttribute("aria-label", author)
    this.addEventListener("click", (event) => this.#act(event))
    if (from === "user") part(this, "edit").hidden = typeof this.#message.input !== "string"
    this.#begin()
    this.refresh()
  }

  /** @param {Delta} delta that has just been added to the message */
  grow({ text, thinking }) {
    this.#text.add(text)
    this.#thinking.add(thinking)
  }

  /**
   * Put waiting text into the page until the time is over.
   *
   * @param {number} until as `performance.now()` tells time
   * @returns {boolean} whether more is waiting
   */
  flush(until) {
    const more = [this.#thinking.flush(until), this.#text.flush(until)]
    if (this.#thinking.length > 0) this.#refreshThinking()
    if (!isRunning(this.#message) && !more.includes(true)) this.#finish()
    return more.includes(true)
  }

  /** Show what changed in the message besides text that `grow` has been told. */
  refresh() {
    const { from, status, text, thinking } = this.#message
    if (!this.firstChild) return
    this.dataset.status = status
    this.toggleAttribute("data-long", text.length > LONG_GREETING)
    if (text.length !== this.#text.length || thinking.length !== this.#thinking.length || (this.#complete && isRunning(this.#message))) this.#begin()
    if (from === "user") return
    this.setAttribute("aria-busy", String(!this.#complete))
    part(this, "waiting").hidden = status !== "waiting"
    this.#refreshThinking()
    showEnd(this, this.#message)
  }

  #begin() {
    const { from, text, thinking } = this.#message
    this.#complete = false
    this.#text = new StreamedText(part(this, "text"), from === "assistant")
    this.#text.add(text)
    if (from === "user") return
    this.#thinking = new StreamedText(part(this, "thoughts"), true)
    this.#thinking.add(thinking)
  }

  #finish() {
    if (this.#complete) return
    this.#complete = true
    this.#text.end()
    this.#thinking.end()
    if (this.#message.from === "user") return
    this.setAttribute("aria-busy", "false")
    this.#refreshData()
  }

  #refreshThinking() {
    const { thinking, thinkingMs, text, status } = this.#message
    if (this.#message.from === "user") return
    part(this, "thinking").hidden = !thinking
    const thinks = !text && status === "streaming"
    const thought = thinkingMs >= SHOWN_THOUGHT_MS ? t("thinking.took", { time: seconds(thinkingMs) }) : t("thinking.did")
    part(this, "thinking-title").textContent = thinks ? t("thinking.now") : thought
  }

  /** Forms, options and the display area come with the modules that show them. */
  async #refreshData() {
    const place = part(this, "data")
    const { data } = this.#message
    if (Object.keys(data).length === 0) return
    const { dataNodes } = await import("./message-data.js")
    place.replaceChildren(...dataNodes(fieldsIn(data), optionsIn(data), exhibitIn(data)))
  }

  /** @param {Event} event */
  #act(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null
    const { id, text } = this.#message
    if (!button) return
    if ("copy" in button.dataset) wish(button, "copy", text)
    else if ("copyCode" in button.dataset) wish(button, "copy", codeBeside(button))
    else if ("again" in button.dataset || "retry" in button.dataset) wish(this, "chat-again", id)
    else if ("earlier" in button.dataset) wish(this, "message-turn", { id, step: -1 })
    else if ("later" in button.dataset) wish(this, "message-turn", { id, step: 1 })
    else if ("goOn" in button.dataset) wish(this, "chat-go-on", id)
    else if ("edit" in button.dataset) wish(this, "message-edit", id)
    else if (button.dataset.image) wish(button, "image-show", button.dataset.image)
  }

  /** What a person wrote, to be written again. */
  get source() {
    return this.#message.text
  }
}

/** More does not look good in large type. */
const LONG_GREETING = 140
/** Shorter thoughts took no time worth telling. */
const SHOWN_THOUGHT_MS = 100

/** @param {Element} button */
function codeBeside(button) {
  return button.closest("figure")?.querySelector("code")?.textContent?.replace(/\n$/, "") ?? ""
}

customElements.define("chat-message", ChatMessage)
