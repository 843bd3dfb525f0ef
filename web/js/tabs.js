/** What tabs of the same site tell each other. */

/** @import { Delta, Message } from "./state.js" */

/**
 * - `list`: the list of conversations is not what it was.
 * - `messages`: so are the messages of a conversation.
 * - `message`: one message, whole.
 * - `grow`: text for a message that has `at` characters of text so far.
 * - `asks`, `has`: who is writing this message? I am.
 * - `stop`: end the reply, whoever is writing it.
 *
 * @typedef {{ type: "list" }
 *   | { type: "messages", conversation: string }
 *   | { type: "message", message: Message }
 *   | { type: "grow", delta: Delta, at: number }
 *   | { type: "asks", id: string }
 *   | { type: "has", id: string }
 *   | { type: "stop", id: string }} News
 */

/** A tab that lives answers sooner, even in the background of a busy machine. */
const ANSWER_MS = 1_000

export class Tabs extends EventTarget {
  #channel = channel()

  constructor() {
    super()
    this.#channel?.addEventListener("message", ({ data }) => {
      this.dispatchEvent(new CustomEvent(data.type, { detail: data }))
    })
  }

  /** @param {News} news for the other tabs */
  tell(news) {
    this.#channel?.postMessage(news)
  }

  /**
   * @template {News["type"]} T
   * @param {T} type
   * @param {(news: Extract<News, { type: T }>) => void} act
   */
  on(type, act) {
    this.addEventListener(type, (event) => act(/** @type {CustomEvent} */ (event).detail))
  }

  /**
   * @param {string} id of a message
   * @returns {Promise<boolean>} whether another tab is writing it
   */
  isWritten(id) {
    return new Promise((resolve) => {
      this.on("has", (news) => news.id === id && resolve(true))
      if (!this.#channel) return resolve(false)
      setTimeout(resolve, ANSWER_MS, false)
      this.tell({ type: "asks", id })
    })
  }
}

/** @returns {BroadcastChannel | null} null where the browser has or allows none: then each tab is by itself */
function channel() {
  try {
    return "BroadcastChannel" in globalThis ? new BroadcastChannel("mastrogpt") : null
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
    return null
  }
}
