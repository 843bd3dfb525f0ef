/**
 * The messages of the open conversation, and the reader's place in them.
 *
 * While the reader is at the end, the end stays in sight; as soon as they move up, nothing moves them.
 */

import { ChatMessage } from "./chat-message.js"
import { part } from "./parts.js"

/** @import { Delta, State, Store } from "../store.js" */

/** So near to the end counts as being there: less than one line. */
const AT_END_PX = 24

export class ChatTranscript extends HTMLElement {
  #following = true
  #lastTop = 0
  /** @type {Map<string, ChatMessage>} */
  #shown = new Map()
  /** @type {Map<string, string>} text by message id that waits for the next frame */
  #pending = new Map()

  /** @param {Store} store */
  attach(store) {
    store.watch(["messages"], (state) => this.#render(state))
    store.addEventListener("message", (event) => this.#refresh(detailOf(event)))
    store.addEventListener("delta", (event) => this.#grow(detailOf(event)))
    this.addEventListener("scroll", () => this.#moved(), { passive: true })
    new ResizeObserver(() => this.#keepEnd()).observe(this)
  }

  /** Shows the end and stays there. */
  jump() {
    this.#following = true
    this.#keepEnd()
    this.#announce()
  }

  /** @param {State} state */
  #render({ messages, current }) {
    const wanted = new Map(messages.map((message) => [message.id, message]))
    for (const [id, element] of this.#shown) {
      if (wanted.has(id)) continue
      element.remove()
      this.#shown.delete(id)
    }
    for (const message of messages) {
      if (this.#shown.has(message.id)) continue
      const element = new ChatMessage()
      element.show(message, current?.name ?? "")
      this.#shown.set(message.id, element)
      part(this, "column").append(element)
      this.#following ||= message.from === "user"
    }
    this.#keepEnd()
  }

  /** @param {string} id */
  #refresh(id) {
    this.#shown.get(id)?.refresh()
    this.#keepEnd()
  }

  /** @param {Delta} delta */
  #grow({ id, text }) {
    if (!this.#shown.has(id)) return
    if (this.#pending.size === 0) requestAnimationFrame(() => this.#flush())
    this.#pending.set(id, (this.#pending.get(id) ?? "") + text)
  }

  #flush() {
    for (const [id, text] of this.#pending) this.#shown.get(id)?.grow(text)
    this.#pending.clear()
    this.#keepEnd()
  }

  #moved() {
    const distance = this.scrollHeight - this.scrollTop - this.clientHeight
    // Moving up means reading on there, even from within the last line; content that shrinks
    // also lowers scrollTop, but leaves the reader exactly at the end.
    if (distance <= 1) this.#following = true
    else if (this.scrollTop < this.#lastTop) this.#following = false
    else if (distance < AT_END_PX) this.#following = true
    this.#lastTop = this.scrollTop
    this.#announce()
  }

  #keepEnd() {
    if (this.#following) this.scrollTop = this.scrollHeight
    this.#announce()
  }

  #announce() {
    this.dispatchEvent(new CustomEvent("transcript-follow", { bubbles: true, detail: this.#following }))
  }
}

/** @param {Event} event */
function detailOf(event) {
  return /** @type {CustomEvent} */ (event).detail
}

customElements.define("chat-transcript", ChatTranscript)
