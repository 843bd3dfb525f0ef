/**
 * The archive, whatever the browser does with it: what it does not take, or does not answer to, is kept here for as
 * long as the page lives.
 */

import { inOrder, withParents } from "./branches.js"

/** @import { Archive } from "./archive.js" */
/** @import { Conversation, Message } from "./state.js" */

/** No answer within so long means none at all. */
const ANSWERS_WITHIN_MS = 10_000

export class SteadyArchive {
  /** @type {Promise<Archive | null>} */
  #archive
  #failed
  /** @type {Map<string, Conversation>} */
  #conversations = new Map()
  /** @type {Map<string, Message>} */
  #messages = new Map()

  /**
   * @param {Promise<Archive>} opening
   * @param {() => void} failed is called whenever the browser could not keep something
   */
  constructor(opening, failed) {
    this.#failed = failed
    this.#archive = inTime(opening).catch((error) => this.#refused(error, null))
  }

  /** @returns {Promise<Conversation[]>} newest first */
  async conversations() {
    const all = withOwn(await this.#ask((archive) => archive.conversations(), []), this.#conversations.values())
    return all.sort((one, other) => other.at - one.at)
  }

  /**
   * @param {string} conversation
   * @returns {Promise<Message[]>} in order
   */
  async messages(conversation) {
    const own = [...this.#messages.values()].filter((message) => message.conversation === conversation)
    return withParents(inOrder(withOwn(await this.#ask((archive) => archive.messages(conversation), []), own)))
  }

  /**
   * @param {string} id
   * @returns {Promise<Message | undefined>}
   */
  async message(id) {
    return this.#messages.get(id) ?? (await this.#ask((archive) => archive.message(id), undefined))
  }

  /**
   * @param {string} words
   * @returns {Promise<Set<string>>} conversations with a message that holds the words, in any case
   */
  async search(words) {
    const wanted = words.toLocaleLowerCase()
    const own = [...this.#messages.values()].filter(({ text }) => text.toLocaleLowerCase().includes(wanted))
    const kept = await this.#ask((archive) => archive.search(words), new Set())
    return new Set([...kept, ...own.map(({ conversation }) => conversation)])
  }

  /** @param {Conversation} conversation */
  async keep(conversation) {
    await this.#put(this.#conversations, conversation, (archive) => archive.keep(conversation))
  }

  /** @param {Message} message */
  async keepMessage(message) {
    await this.#put(this.#messages, message, (archive) => archive.keepMessage(message))
  }

  /** @param {string[]} ids */
  async removeMessages(ids) {
    for (const id of ids) this.#messages.delete(id)
    await this.#ask((archive) => archive.removeMessages(ids), undefined)
  }

  /** @param {string} id */
  async remove(id) {
    this.#conversations.delete(id)
    for (const message of [...this.#messages.values()]) if (message.conversation === id) this.#messages.delete(message.id)
    await this.#ask((archive) => archive.remove(id), undefined)
  }

  /**
   * @template {{ id: string }} T
   * @param {Map<string, T>} own
   * @param {T} record
   * @param {(archive: Archive) => Promise<void>} put
   */
  async #put(own, record, put) {
    own.set(record.id, record)
    const kept = await this.#ask((archive) => put(archive).then(() => true), false)
    if (kept && own.get(record.id) === record) own.delete(record.id)
  }

  /**
   * @template T
   * @param {(archive: Archive) => Promise<T>} act
   * @param {T} otherwise
   * @returns {Promise<T>}
   */
  async #ask(act, otherwise) {
    const archive = await this.#archive
    if (!archive) return otherwise
    try {
      return await inTime(act(archive))
    } catch (error) {
      return this.#refused(error, otherwise)
    }
  }

  /**
   * @template T
   * @param {unknown} error
   * @param {T} otherwise
   */
  #refused(error, otherwise) {
    if (!(error instanceof DOMException)) throw error
    console.warn(`The browser does not keep conversations: ${error.message}`)
    // Who does not answer once is not waited for again.
    if (error.name === "TimeoutError") this.#archive = Promise.resolve(null)
    this.#failed()
    return otherwise
  }
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
function inTime(promise) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new DOMException("no answer", "TimeoutError")), ANSWERS_WITHIN_MS)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/**
 * @template {{ id: string }} T
 * @param {T[]} kept
 * @param {Iterable<T>} own which are newer
 */
function withOwn(kept, own) {
  return [...new Map([...kept, ...own].map((record) => [record.id, record])).values()]
}
