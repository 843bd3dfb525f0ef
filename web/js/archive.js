/**
 * Conversations in this browser, in IndexedDB. Messages are kept one by one, so that saving a reply that
 * grows does not touch the others.
 */

import { inOrder, withParents } from "./branches.js"

/** @import { Conversation, Message } from "./state.js" */

const NAME = "mastrogpt"
const VERSION = 1

/** Every method throws a `DOMException` where the browser refuses. */
export class Archive {
  #database

  /** @param {IDBDatabase} database */
  constructor(database) {
    this.#database = database
  }

  /**
   * @returns {Promise<Archive>}
   * @throws {DOMException} when the browser keeps nothing, as in some private windows
   */
  static async open() {
    if (!globalThis.indexedDB) throw new DOMException("it has no database", "NotFoundError")
    const request = indexedDB.open(NAME, VERSION)
    request.addEventListener("upgradeneeded", () => {
      request.result.createObjectStore("conversations", { keyPath: "id" })
      request.result.createObjectStore("messages", { keyPath: "id" }).createIndex("conversation", "conversation")
    })
    return new Archive(await settled(request))
  }

  /** @returns {Promise<Conversation[]>} newest first */
  async conversations() {
    const all = await settled(this.#store("conversations").getAll())
    return all.sort((one, other) => other.at - one.at)
  }

  /**
   * @param {string} conversation
   * @returns {Promise<Message[]>} in order
   */
  async messages(conversation) {
    const index = this.#store("messages").index("conversation")
    return withParents(inOrder(await settled(index.getAll(conversation))))
  }

  /**
   * @param {string} id
   * @returns {Promise<Message | undefined>}
   */
  async message(id) {
    return settled(this.#store("messages").get(id))
  }

  /**
   * @param {string} words
   * @returns {Promise<Set<string>>} conversations with a message that holds the words, in any case
   */
  async search(words) {
    const wanted = words.toLocaleLowerCase()
    const all = await settled(this.#store("messages").getAll())
    return new Set(all.filter(({ text }) => text.toLocaleLowerCase().includes(wanted)).map(({ conversation }) => conversation))
  }

  /** @param {Conversation} conversation */
  async keep(conversation) {
    await this.#put("conversations", conversation)
  }

  /** @param {Message} message */
  async keepMessage(message) {
    await this.#put("messages", message)
  }

  /** @param {string[]} ids */
  async removeMessages(ids) {
    const store = this.#store("messages", "readwrite")
    const requests = ids.map((id) => store.delete(id))
    store.transaction.commit()
    await Promise.all(requests.map(settled))
  }

  /** @param {string} id */
  async remove(id) {
    const messages = await this.messages(id)
    await this.removeMessages(messages.map((message) => message.id))
    await settled(this.#store("conversations", "readwrite").delete(id))
  }

  /**
   * Written even when the page goes away right now: a transaction that waits to be committed would be undone.
   *
   * @param {"conversations" | "messages"} name
   * @param {Conversation | Message} record
   */
  async #put(name, record) {
    const store = this.#store(name, "readwrite")
    const { transaction } = store
    await new Promise((resolve, reject) => {
      transaction.addEventListener("complete", resolve)
      transaction.addEventListener("abort", () => reject(transaction.error ?? new DOMException("undone", "AbortError")))
      store.put(record)
      transaction.commit()
    })
  }

  /**
   * @param {"conversations" | "messages"} name
   * @param {IDBTransactionMode} [mode]
   */
  #store(name, mode) {
    return this.#database.transaction(name, mode).objectStore(name)
  }
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result))
    request.addEventListener("error", () => reject(request.error))
  })
}
