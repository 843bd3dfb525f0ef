/** Conversations for as long as the page lives, where the browser keeps nothing. */

import { inOrder } from "./branches.js"

/** @import { Conversation, Message } from "./state.js" */

/** Does what `Archive` does. */
export class MemoryArchive {
  /** @type {Map<string, Conversation>} */
  #conversations = new Map()
  /** @type {Map<string, Message>} */
  #messages = new Map()

  async conversations() {
    return [...this.#conversations.values()].sort((one, other) => other.at - one.at)
  }

  /** @param {string} conversation */
  async messages(conversation) {
    const own = [...this.#messages.values()].filter((message) => message.conversation === conversation)
    return inOrder(own)
  }

  /** @param {string} id */
  async message(id) {
    return this.#messages.get(id)
  }

  /** @param {string} words */
  async search(words) {
    const wanted = words.toLocaleLowerCase()
    const found = [...this.#messages.values()].filter(({ text }) => text.toLocaleLowerCase().includes(wanted))
    return new Set(found.map(({ conversation }) => conversation))
  }

  /** @param {Conversation} conversation */
  async keep(conversation) {
    this.#conversations.set(conversation.id, conversation)
  }

  /** @param {Message} message */
  async keepMessage(message) {
    this.#messages.set(message.id, message)
  }

  /** @param {string[]} ids */
  async removeMessages(ids) {
    for (const id of ids) this.#messages.delete(id)
  }

  /** @param {string} id */
  async remove(id) {
    for (const message of await this.messages(id)) this.#messages.delete(message.id)
    this.#conversations.delete(id)
  }
}
