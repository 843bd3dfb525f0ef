/** The messages of the open conversation. */

import { versionsOf } from "../branches.js"
import { ChatMessage } from "./chat-message.js"
import { showVersion } from "./message-versions.js"
import { part, wish } from "./parts.js"
import { ReaderPlace } from "./reader-place.js"
import { loadMarkdown } from "./streamed-text.js"

/** @import { Delta, Message, State } from "../state.js" */
/** @import { Store } from "../store.js" */

/** Of each frame, this much may go into showing text; the browser needs the rest to lay it out. */
const FRAME_SHARE_MS = 8

export class ChatTranscript extends HTMLElement {
  /** @type {ReaderPlace | undefined} */
  #place
  /** @type {Map<string, ChatMessage>} */
  #shown = new Map()
  /** Messages with text that waits for the next frame. @type {Set<ChatMessage>} */
  #waiting = new Set()
  #conversation = ""

  /** @param {Store} store */
  attach(store) {
    this.#place = new ReaderPlace(this, part(this, "column"), (following) => wish(this, "transcript-follow", following))
    store.watch(["messages"], (state) => this.#render(state))
    store.addEventListener("message", (event) => this.#refresh(detailOf(event)))
    store.addEventListener("delta", (event) => this.#grow(detailOf(event)))
    this.#load(store)
  }

  /** @param {Store} store */
  async #load(store) {
    store.update({ formats: await loadMarkdown() })
    this.#soon([...this.#shown.values()])
  }

  /** Show the end and stays there. */
  jump() {
    this.#place?.jump()
  }

  /**
   * @param {-1 | 1} step
   */
  focusNext(step) {
    const all = [...this.#shown.values()]
    const at = all.findIndex((message) => message.contains(document.activeElement))
    const from = at < 0 ? (step < 0 ? all.length : -1) : at
    all[Math.min(Math.max(from + step, 0), all.length - 1)]?.focus()
  }

  /**
   * @param {string} id
   * @returns {ChatMessage | undefined}
   */
  message(id) {
    return this.#shown.get(id)
  }

  /** @param {State} state */
  #render({ messages, tree, current }) {
    if (current && current.id !== this.#conversation) {
      this.#conversation = current.id
      this.#place?.follow()
    }
    const wanted = new Set(messages.map(({ id }) => id))
    for (const [id, element] of this.#shown) if (!wanted.has(id)) this.#drop(id, element)
    for (const message of messages) {
      const element = this.#shown.get(message.id) ?? this.#add(message, current?.name ?? "")
      const versions = versionsOf(tree, message)
      showVersion(element, versions.indexOf(message) + 1, versions.length)
    }
    this.#place?.keepEnd()
  }

  /**
   * @param {Message} message
   * @param {string} author
   */
  #add(message, author) {
    const element = new ChatMessage(message, author)
    this.#shown.set(message.id, element)
    part(this, "column").append(element)
    this.#soon([element])
    return element
  }

  /**
   * @param {string} id
   * @param {ChatMessage} element
   */
  #drop(id, element) {
    element.remove()
    this.#shown.delete(id)
    this.#waiting.delete(element)
  }

  /** @param {string} id */
  #refresh(id) {
    const element = this.#shown.get(id)
    if (!element) return
    element.refresh()
    this.#soon([element])
  }

  /** @param {Delta} delta */
  #grow(delta) {
    const element = this.#shown.get(delta.id)
    if (!element) return
    element.grow(delta)
    this.#soon([element])
  }

  /** @param {ChatMessage[]} elements that have text to show */
  #soon(elements) {
    if (this.#waiting.size === 0) requestAnimationFrame(() => this.#flush())
    for (const element of elements) this.#waiting.add(element)
  }

  #flush() {
    const until = performance.now() + FRAME_SHARE_MS
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    const rest = waiting.filter((element) => performance.now() > until || flushed(element, until))
    if (rest.length > 0) this.#soon(rest)
    this.#place?.keepEnd()
  }
}

/**
 * @param {ChatMessage} element
 * @param {number} until
 * @returns {boolean} whether more is waiting; one message that cannot be shown must not hold up the others
 */
function flushed(element, until) {
  try {
    return element.flush(until)
  } catch (error) {
    reportError(error)
    return false
  }
}

/** @param {Event} event */
function detailOf(event) {
  return /** @type {CustomEvent} */ (event).detail
}

customElements.define("chat-transcript", ChatTranscript)
