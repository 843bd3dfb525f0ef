/**
 * What a person can do in a conversation. With `library.js` the only writer of conversations and messages.
 */

import { historyOf, optionsOf, stateOf, titleOf } from "./dialogue.js"
import { t } from "./i18n.js"
import { newConversation, newMessage } from "./records.js"
import { Reply } from "./reply.js"

/** @import { Api, Service } from "./api.js" */
/** @import { Library } from "./library.js" */
/** @import { Question } from "./reply.js" */
/** @import { Message, Settings, Store } from "./store.js" */

export class Chat {
  #api
  #store
  #library
  /** @type {Map<string, Reply>} running replies by message id */
  #replies = new Map()
  /** Settles when the action has said how it wants to be asked. */
  #opened = Promise.resolve()

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
   * Opens a chat of the menu: an empty conversation and the action's greeting.
   *
   * @param {Service} service
   */
  async start(service) {
    this.#store.update({ current: newConversation(service, this.#store.state.user), messages: [] })
    await this.#open()
  }

  /**
   * @param {unknown} input text, or what a form holds
   * @param {string} [shown] what the transcript shows for it
   */
  async send(input, shown = String(input)) {
    if (this.#store.running) return
    await this.#say(input, shown, this.#store.state.messages)
  }

  stop() {
    const running = this.#store.running
    if (!running) return
    const reply = this.#replies.get(running.id)
    if (reply) reply.stop()
    else this.#library.stopElsewhere(running.id)
  }

  /**
   * Asks again for a reply: one that failed, or one that did not please.
   *
   * @param {string} id
   */
  async again(id) {
    if (this.#store.running) return
    const { messages } = this.#store.state
    const at = messages.findIndex((message) => message.id === id)
    const question = messages[at - 1]
    await this.#forget(messages.slice(at))
    if (question) await this.#reply(question.input, messages.slice(0, at - 1))
    else await this.#open()
  }

  /**
   * Says something else instead of an earlier message; what followed it goes.
   *
   * @param {string} id
   * @param {string} text
   */
  async edit(id, text) {
    if (this.#store.running) return
    const { messages } = this.#store.state
    const at = messages.findIndex((message) => message.id === id)
    await this.#forget(messages.slice(at))
    await this.#say(text, text, messages.slice(0, at))
  }

  /**
   * Lets a reply that was cut short go on where it ended.
   *
   * @param {string} id
   */
  async goOn(id) {
    if (this.#store.running) return
    const { messages } = this.#store.state
    const message = messages.find((candidate) => candidate.id === id)
    if (!message) return
    message.status = "waiting"
    message.problem = null
    await this.#answer(message, t("message.go-on-prompt"), messages)
  }

  /**
   * The settings take effect with the next message.
   *
   * @param {Settings} settings
   */
  async configure(settings) {
    const { current } = this.#store.state
    if (current) await this.#library.change(current.id, { settings })
  }

  /**
   * Lets another model answer from now on.
   *
   * @param {string} model
   * @throws {ApiError}
   */
  async pick(model) {
    const { id, action, picked } = this.#current
    const { messages } = this.#store.state
    const answer = await this.#api.ask(action, { input: `@${model}`, state: stateOf(messages, picked) })
    const state = typeof answer.state === "string" ? answer.state : ""
    await this.#library.change(id, { picked: { model, state, place: nextPlace(messages) } })
  }

  async #open() {
    const conversation = this.#current
    const greeting = newMessage({ conversation: conversation.id, opening: true, place: -1 })
    this.#store.update({ messages: [greeting, ...this.#store.state.messages] })
    const body = { state: "", title: conversation.name }
    this.#opened = this.#run(greeting, { action: conversation.action, streaming: false, body })
    await this.#opened
  }

  /**
   * @param {unknown} input
   * @param {string} shown
   * @param {Message[]} before
   */
  async #say(input, shown, before) {
    const conversation = this.#current
    const question = newMessage({
      conversation: conversation.id,
      place: nextPlace(before),
      from: "user",
      text: shown,
      input,
      status: "done",
    })
    this.#store.update({ messages: [...before, question] })
    await this.#library.keep({ ...conversation, title: conversation.title || titleOf(shown), at: Date.now() })
    await this.#library.keepMessage(question)
    await this.#reply(input, before)
  }

  /**
   * @param {unknown} input
   * @param {Message[]} before what was said before the input
   */
  async #reply(input, before) {
    const { messages } = this.#store.state
    const message = newMessage({ conversation: this.#current.id, place: nextPlace(messages) })
    this.#store.update({ messages: [...messages, message] })
    await this.#answer(message, input, before)
  }

  /**
   * @param {Message} message
   * @param {unknown} input
   * @param {Message[]} before
   */
  async #answer(message, input, before) {
    const { id } = this.#current
    await this.#opened
    const conversation = this.#library.conversation(id)
    if (!conversation) return
    const { settings, streaming, action, picked } = conversation
    const state = stateOf(before, picked)
    if (streaming) message.state = state
    const body = { input, state, history: historyOf(before, settings), options: optionsOf(settings) }
    await this.#run(message, { action, streaming, body })
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

  /** @param {Message[]} messages */
  async #forget(messages) {
    const gone = new Set(messages.map(({ id }) => id))
    this.#store.update({ messages: this.#store.state.messages.filter(({ id }) => !gone.has(id)) })
    await this.#library.forget(messages)
  }

  get #current() {
    const { current } = this.#store.state
    if (!current) throw new Error("no chat is open")
    return current
  }
}

/** @param {Message[]} messages */
function nextPlace(messages) {
  return (messages.at(-1)?.place ?? -1) + 1
}
