/**
 * Keep what the store shows: in the archive, and in the other tabs.
 *
 * A reply is saved now and then while it runs. What is not saved is written to `localStorage` when the page goes
 * away, because only that is certain to be done by then; the next page puts it where it belongs.
 */

import { browserStorage } from "./browser-storage.js"
import { isRunning } from "./store.js"

/** @import { SteadyArchive } from "./steady-archive.js" */
/** @import { Delta, Message } from "./state.js" */
/** @import { Store } from "./store.js" */
/** @import { Tabs } from "./tabs.js" */

const SAVE_EVERY_MS = 1_000
const UNSAVED = "mastrogpt-unsaved:"

export class Keeper {
  #archive
  #tabs
  /** Running replies of this tab, by id. @type {Map<string, Message>} */
  #running = new Map()
  /** How much of each is saved. @type {Map<string, { text: number, thinking: number }>} */
  #saved = new Map()

  /**
   * @param {SteadyArchive} archive
   * @param {Tabs} tabs
   */
  constructor(archive, tabs) {
    this.#archive = archive
    this.#tabs = tabs
    setInterval(() => this.#saveRunning(), SAVE_EVERY_MS)
    addEventListener("pagehide", () => this.#leave())
    tabs.on("asks", ({ id }) => this.#show(id))
  }

  /**
   * @param {string} id
   * @returns {Message | undefined} the message, when this tab is writing it
   */
  written(id) {
    return this.#running.get(id)
  }

  /** @param {Message} message new or changed; greetings are asked for again and not kept */
  async keep(message) {
    if (message.opening) return
    if (isRunning(message)) this.#running.set(message.id, message)
    await this.#save(message)
    if (!isRunning(message)) this.#running.delete(message.id)
    this.#tabs.tell({ type: "message", message })
  }

  /**
   * Keep nothing more of a conversation.
   *
   * @param {string} conversation
   */
  drop(conversation) {
    for (const [id, message] of this.#running) if (message.conversation === conversation) this.#running.delete(id)
  }

  /** @param {Message} message @param {Delta} delta text just added to it */
  grown(message, delta) {
    this.#tabs.tell({ type: "grow", delta, at: message.text.length - delta.text.length })
  }

  /** Put back what earlier pages could not save. */
  async recover() {
    for (const key of browserStorage.keys().filter((name) => name.startsWith(UNSAVED))) {
      const { saved, message } = browserStorage.get(key)
      const kept = await this.#archive.message(key.slice(UNSAVED.length))
      if (kept && isRunning(kept) && saved && message) {
        const text = kept.text.slice(0, saved.text) + message.text
        const thinking = kept.thinking.slice(0, saved.thinking) + message.thinking
        await this.#archive.keepMessage({ ...kept, ...message, text, thinking })
      }
      browserStorage.remove(key)
    }
  }

  /**
   * Tell another tab that this one is writing a message, and what of it is there.
   *
   * @param {string} id
   */
  #show(id) {
    const message = this.#running.get(id)
    if (!message) return
    this.#tabs.tell({ type: "has", id })
    this.#tabs.tell({ type: "message", message })
  }

  async #saveRunning() {
    for (const message of this.#running.values()) {
      const saved = this.#saved.get(message.id)
      if (saved?.text !== message.text.length || saved.thinking !== message.thinking.length) await this.#save(message)
    }
  }

  /** @param {Message} message */
  async #save(message) {
    const size = { text: message.text.length, thinking: message.thinking.length }
    await this.#archive.keepMessage(message)
    this.#saved.set(message.id, size)
  }

  #leave() {
    for (const message of this.#running.values()) {
      const saved = this.#saved.get(message.id) ?? { text: 0, thinking: 0 }
      const text = message.text.slice(saved.text)
      const thinking = message.thinking.slice(saved.thinking)
      browserStorage.set(UNSAVED + message.id, { saved, message: { ...message, text, thinking } })
    }
  }
}
