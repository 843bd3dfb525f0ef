/**
 * The messages of the open conversation, and the reader's place in them.
 *
 * While the reader is at the end, the end stays in sight; as soon as they move up, nothing moves them.
 */

import { versionsOf } from "../branches.js"
import { ChatMessage } from "./chat-message.js"
import { part, wish } from "./parts.js"
import { loadMarkdown } from "./streamed-text.js"

/** @import { Delta, Message, State, Store } from "../store.js" */

/** So near to the end counts as being there: less than one line. */
const AT_END_PX = 24
/** Of each frame, this much may go into showing text; the browser needs the rest to lay it out. */
const FRAME_SHARE_MS = 8

export class ChatTranscript extends HTMLElement {
  #following = true
  #told = true
  #seen = { top: 0, height: 0, width: 0, room: 0 }
  /** @type {Map<string, ChatMessage>} */
  #shown = new Map()
  /** Messages with text that waits for the next frame. @type {Set<ChatMessage>} */
  #waiting = new Set()
  #conversation = ""

  /** @param {Store} store */
  attach(store) {
    store.watch(["messages"], (state) => this.#render(state))
    store.addEventListener("message", (event) => this.#refresh(detailOf(event)))
    store.addEventListener("delta", (event) => this.#grow(detailOf(event)))
    this.addEventListener("scroll", () => this.#moved(), { passive: true })
    const sizes = new ResizeObserver(() => this.#keepEnd())
    sizes.observe(this)
    sizes.observe(part(this, "column"))
    this.#load(store)
  }

  /** @param {Store} store */
  async #load(store) {
    store.update({ formats: await loadMarkdown() })
    this.#soon([...this.#shown.values()])
  }

  /** Shows the end and stays there. */
  jump() {
    this.#following = true
    this.#keepEnd()
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
      this.#following = true
    }
    const wanted = new Set(messages.map(({ id }) => id))
    for (const [id, element] of this.#shown) if (!wanted.has(id)) this.#drop(id, element)
    for (const message of messages) {
      const element = this.#shown.get(message.id) ?? this.#add(message, current?.name ?? "")
      const versions = versionsOf(tree, message)
      element.showVersion(versions.indexOf(message) + 1, versions.length)
    }
    this.#keepEnd()
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
    const rest = [...this.#waiting].filter((element) => performance.now() > until || element.flush(until))
    this.#waiting.clear()
    if (rest.length > 0) this.#soon(rest)
    this.#keepEnd()
  }

  #moved() {
    const before = this.#look()
    const { top, height, width, room } = this.#seen
    const distance = height - top - room
    const laidOutAnew = height !== before.height || width !== before.width || room !== before.room
    if (distance <= 1) this.#following = true
    // A window or text that changes its size moves the place too; that is not the reader.
    else if (laidOutAnew && this.#following) return this.#keepEnd()
    // Moving up means reading on there, even from within the last line.
    else if (top < before.top) this.#following = false
    else if (distance < AT_END_PX) this.#following = true
    this.#tell()
  }

  #keepEnd() {
    if (this.#following) this.scrollTop = this.scrollHeight
    this.#look()
    this.#tell()
  }

  /** Remembers the place and the sizes that it was seen at, and gives what was seen before. */
  #look() {
    const before = this.#seen
    this.#seen = {
      top: this.scrollTop,
      height: this.scrollHeight,
      width: this.clientWidth,
      room: this.clientHeight,
    }
    return before
  }

  #tell() {
    if (this.#told === this.#following) return
    this.#told = this.#following
    wish(this, "transcript-follow", this.#following)
  }
}

/** @param {Event} event */
function detailOf(event) {
  return /** @type {CustomEvent} */ (event).detail
}

customElements.define("chat-transcript", ChatTranscript)
