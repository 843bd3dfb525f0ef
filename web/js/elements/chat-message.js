/** One message of the transcript. */

import { t } from "../i18n.js"
import { fromTemplate, part, wish } from "./parts.js"

/** @import { Message } from "../store.js" */

export class ChatMessage extends HTMLElement {
  /** @type {Message | null} */
  #message = null

  /**
   * @param {Message} message
   * @param {string} author name of the action that answers
   */
  show(message, author) {
    this.#message = message
    this.className = "message"
    this.dataset.id = message.id
    this.dataset.from = message.from
    this.replaceChildren(fromTemplate("message"))
    part(this, "author").textContent = message.from === "user" ? t("message.you") : author
    part(this, "text").textContent = message.text
    part(this, "retry").addEventListener("click", () => wish(this, "chat-retry", message.id))
    this.refresh()
  }

  /** @param {string} text that has just been added */
  grow(text) {
    part(this, "text").append(text)
  }

  /** Shows what changed in the message besides its text. */
  refresh() {
    const message = this.#message
    if (!message) return
    this.dataset.status = message.status
    part(this, "waiting").hidden = message.status !== "waiting"
    part(this, "end").hidden = !ENDED_BADLY.has(message.status)
    part(this, "problem").textContent = sentence(message)
    part(this, "detail").textContent = message.problem?.detail ?? ""
    part(this, "retry").hidden = message.status !== "failed"
  }
}

const ENDED_BADLY = new Set(["stopped", "interrupted", "failed"])

/** @param {Message} message */
function sentence({ status, problem }) {
  if (problem) return t(`problem.${problem.key}`)
  if (status === "stopped" || status === "interrupted") return t(`end.${status}`)
  return ""
}

customElements.define("chat-message", ChatMessage)
