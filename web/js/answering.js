/** The replies that this tab is getting. */

import { historyOf, optionsOf, stateOf } from "./dialogue.js"
import { Reply } from "./reply.js"

/** @import { Api } from "./api.js" */
/** @import { Library } from "./library.js" */
/** @import { Question } from "./reply.js" */
/** @import { Conversation, Message } from "./state.js" */
/** @import { Store } from "./store.js" */

export class Answering {
  #api
  #store
  #library
  /** @type {Map<string, Reply>} running replies by message id */
  #replies = new Map()
  /** By conversation, what settles when its action has said how it wants to be asked. @type {Map<string, Promise<void>>} */
  #greetings = new Map()

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
    addEventListener("beforeunload", () => this.#replies.forEach((reply) => reply.leave()))
    addEventListener("pagehide", () => this.#replies.forEach((reply) => reply.abandon()))
  }

  /**
   * @param {Message} greeting
   * @param {Conversation} conversation
   */
  async greet(greeting, { id, action, name }) {
    const greeted = this.#run(greeting, action, Promise.resolve({ streaming: false, body: { title: name } }))
    this.#greetings.set(id, greeted)
    await greeted
    if (this.#greetings.get(id) === greeted) this.#greetings.delete(id)
  }

  /**
   * @param {Message} message to grow
   * @param {unknown} input
   * @param {Message[]} before what was said before the input
   */
  async answer(message, input, before) {
    const conversation = this.#library.conversation(message.conversation)
    if (conversation) await this.#run(message, conversation.action, this.#question(conversation, message, input, before))
  }

  /** @param {Message} message that runs here or in another tab */
  stop({ id }) {
    const reply = this.#replies.get(id)
    if (reply) reply.stop()
    else this.#library.stopElsewhere(id)
  }

  /**
   * @param {Conversation} asked
   * @param {Message} message
   * @param {unknown} input
   * @param {Message[]} before
   * @returns {Promise<Question>} once the action has said how it wants to be asked
   */
  async #question(asked, message, input, before) {
    await this.#greetings.get(asked.id)
    const { settings, streaming, picked } = this.#library.conversation(asked.id) ?? asked
    const state = stateOf(before, picked)
    if (streaming) message.state = state
    const history = historyOf(before, settings)
    return { streaming, body: { input, ...(state && { state }), history, options: optionsOf(settings) } }
  }

  /**
   * @param {Message} message
   * @param {string} action
   * @param {Promise<Question>} question
   */
  async #run(message, action, question) {
    const reply = new Reply(this.#api, this.#store, message, action, question)
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
