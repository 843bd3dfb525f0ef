/** The replies that this tab is getting. */

import { historyOf, optionsOf, stateOf } from "./dialogue.js"
import { Reply } from "./reply.js"

/** @import { Api } from "./api.js" */
/** @import { Library } from "./library.js" */
/** @import { Question } from "./reply.js" */
/** @import { Conversation, Message, Store } from "./store.js" */

export class Answering {
  #api
  #store
  #library
  /** @type {Map<string, Reply>} running replies by message id */
  #replies = new Map()
  /** Settles when the action has said how it wants to be asked. */
  #greeted = Promise.resolve()

  /**
   * @param {Api} api
   * @param {Store} store
   * @param {Library} library
   */
  constructor(api, store, library) {
    this.#api = api
    this.#store = store
    this.#library = library
    library.onStop((id) => this.#replies.get(id)?.stop())
    addEventListener("pagehide", () => this.#replies.forEach((reply) => reply.abandon()))
  }

  /**
   * @param {Message} greeting
   * @param {Conversation} conversation
   */
  async greet(greeting, { action, name }) {
    this.#greeted = this.#run(greeting, { action, streaming: false, body: { state: "", title: name } })
    await this.#greeted
  }

  /**
   * @param {Message} message to grow
   * @param {unknown} input
   * @param {Message[]} before what was said before the input
   */
  async answer(message, input, before) {
    await this.#greeted
    const conversation = this.#library.conversation(message.conversation)
    if (!conversation) return
    const { settings, streaming, action, picked } = conversation
    const state = stateOf(before, picked)
    if (streaming) message.state = state
    const body = { input, state, history: historyOf(before, settings), options: optionsOf(settings) }
    await this.#run(message, { action, streaming, body })
  }

  /** @param {Message} message that runs here or in another tab */
  stop({ id }) {
    const reply = this.#replies.get(id)
    if (reply) reply.stop()
    else this.#library.stopElsewhere(id)
  }

  /**
   * @param {Message} message
   * @param {Question} question
   */
  async #run(message, question) {
    const reply = new Reply(this.#api, this.#store, message, question)
    this.#replies.set(message.id, reply)
    const kept = this.#library.keepMessage(message)
    await reply.run()
    this.#replies.delete(message.id)
    const { streaming } = reply.outcome
    if (streaming !== undefined) await this.#library.change(message.conversation, { streaming })
    await kept
    // It may have been deleted in the meantime.
    if (this.#library.conversation(message.conversation)) await this.#library.keepMessage(message)
  }
}
