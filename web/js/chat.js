/**
 * What a person can do in a conversation. With `library.js` the only writer of conversations and messages.
 */

import { Answering } from "./answering.js"
import { versionsOf } from "./branches.js"
import { stateOf, titleOf } from "./dialogue.js"
import { t } from "./i18n.js"
import { newConversation, newMessage } from "./records.js"
import { isRunning } from "./store.js"

/** @import { Api } from "./api.js" */
/** @import { Service } from "./place.js" */
/** @import { Library } from "./library.js" */
/** @import { Message, Settings } from "./state.js" */
/** @import { Store } from "./store.js" */

export class Chat {
  #api
  #store
  #library
  #answering

  /**
   * @param {Api} api
   * @param {Store} store
   * @param {Library} library
   */
  constructor(api, store, library) {
    this.#api = api
    this.#store = store
    this.#library = library
    this.#answering = new Answering(api, store, library)
  }

  /**
   * Open a chat of the menu: an empty conversation and the action's greeting.
   *
   * @param {Service} service
   */
  async start(service) {
    this.#store.update({ current: newConversation(service, this.#store.state.user), tree: [], messages: [] })
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
    if (this.#store.running) this.#answering.stop(this.#store.running)
  }

  /** Stop all that runs in the open conversation, shown or not. */
  stopAll() {
    for (const message of this.#store.state.tree.filter(isRunning)) this.#answering.stop(message)
  }

  /**
   * Ask again for a reply: one that failed, or one that did not please and stays beside the new one.
   *
   * @param {string} id
   */
  async again(id) {
    if (this.#store.running) return
    const { messages } = this.#store.state
    const at = messages.findIndex((message) => message.id === id)
    const reply = messages[at]
    const question = messages[at - 1]
    const answered = question ? this.#reply(question, messages.slice(0, at - 1)) : this.#open()
    if (reply && isEmpty(reply)) await this.#library.forget([reply])
    await answered
  }

  /**
   * Show the version of a message that was said before or after it.
   *
   * @param {string} id
   * @param {number} step
   * @returns {{ id: string, at: number, of: number } | null} the one that is shown now, before it is kept
   */
  turn(id, step) {
    const { tree } = this.#store.state
    const message = tree.find((candidate) => candidate.id === id)
    const versions = message ? versionsOf(tree, message) : []
    const at = versions.findIndex((version) => version.id === id) + step
    const version = versions[at]
    if (!version) return null
    this.#library.turnTo(version.id)
    return { id: version.id, at: at + 1, of: versions.length }
  }

  /**
   * Say something else instead of an earlier message, which stays beside it with all that followed.
   *
   * @param {string} id
   * @param {string} text
   */
  async edit(id, text) {
    if (this.#store.running) return
    const { messages } = this.#store.state
    const at = messages.findIndex((message) => message.id === id)
    await this.#say(text, text, messages.slice(0, at))
  }

  /**
   * Let a reply that was cut short go on where it ended.
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
    await this.#answering.answer(message, t("message.go-on-prompt"), messages)
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
   * Let another model answer from now on.
   *
   * @param {string} model
   * @throws {ApiError}
   */
  async pick(model) {
    const { id, action, picked } = this.#current
    const { messages } = this.#store.state
    const before = stateOf(messages, picked)
    const answer = await this.#api.ask(action, { input: `@${model}`, ...(before && { state: before }) })
    const state = typeof answer.state === "string" ? answer.state : ""
    await this.#library.change(id, { picked: { model, state, place: nextPlace(messages) } })
  }

  async #open() {
    const conversation = this.#current
    const greeting = newMessage({ conversation: conversation.id, opening: true, place: -1 })
    this.#store.update({ messages: [greeting, ...this.#store.state.messages] })
    await this.#answering.greet(greeting, conversation)
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
      parent: before.findLast(({ opening }) => !opening)?.id ?? "",
      place: nextPlace(before),
      from: "user",
      text: shown,
      input,
      status: "done",
    })
    await Promise.all([
      this.#library.add(question, { title: conversation.title || titleOf(shown), at: Date.now() }),
      this.#library.keepMessage(question),
      this.#reply(question, before),
    ])
  }

  /**
   * @param {Message} question
   * @param {Message[]} before what was said before it
   */
  async #reply(question, before) {
    const { conversation, id, place, input } = question
    const message = newMessage({ conversation, parent: id, place: place + 1 })
    // The answer does not wait for what keeps it.
    await Promise.all([this.#library.add(message), this.#answering.answer(message, input, before)])
  }

  get #current() {
    const { current } = this.#store.state
    if (!current) throw new Error("no chat is open")
    return current
  }
}

/** @param {Message} reply of which nothing is worth keeping */
function isEmpty({ opening, text, thinking, data }) {
  return opening || !(text || thinking || Object.keys(data).length > 0)
}

/** @param {Message[]} messages */
function nextPlace(messages) {
  return (messages.at(-1)?.place ?? -1) + 1
}
