/**
 * What a person can do with a chat. The only writer of conversations and messages.
 */

import { newId } from "./ids.js"
import { Reply } from "./reply.js"

/** @import { Api, Service } from "./api.js" */
/** @import { Conversation, Message, Store } from "./store.js" */

export class Chat {
  #api
  #store
  /** @type {Map<string, Reply>} running replies by message id */
  #replies = new Map()
  /** Settles when the action has said how it wants to be asked. */
  #opened = Promise.resolve()

  /**
   * @param {Api} api
   * @param {Store} store
   */
  constructor(api, store) {
    this.#api = api
    this.#store = store
  }

  /**
   * Opens a chat of the menu: an empty conversation and the action's greeting.
   *
   * @param {Service} service
   */
  async start(service) {
    const conversation = newConversation(service)
    this.#store.update({ current: conversation, messages: [] })
    const greeting = this.#add({ from: "assistant", opening: true })
    this.#opened = this.#answer(greeting, () => ({ state: "", title: conversation.name }))
    await this.#opened
  }

  /** @param {unknown} input text, or what a form holds */
  async send(input) {
    if (this.#store.running) return
    const opened = this.#opened
    this.#add({ from: "user", text: typeof input === "string" ? input : JSON.stringify(input), status: "done" })
    const reply = this.#add({ from: "assistant" })
    await opened
    await this.#answer(reply, () => ({ input, state: this.#lastState() }))
  }

  stop() {
    const running = this.#store.running
    if (running) this.#replies.get(running.id)?.stop()
  }

  /**
   * Asks again for a reply that failed.
   *
   * @param {string} id
   */
  async retry(id) {
    const at = this.#store.state.messages.findIndex((message) => message.id === id)
    const question = this.#store.state.messages[at - 1]
    const messages = this.#store.state.messages.slice(0, at)
    this.#store.update({ messages })
    const reply = this.#add({ from: "assistant", opening: !question })
    await this.#answer(reply, () => (question ? { input: question.text, state: this.#lastState() } : { state: "" }))
  }

  /**
   * @param {Message} message
   * @param {() => Record<string, unknown>} body
   */
  async #answer(message, body) {
    const conversation = this.#current()
    const { action, streaming } = conversation
    const reply = new Reply(this.#api, this.#store, message, { action, streaming: streaming && !message.opening, body: body() })
    this.#replies.set(message.id, reply)
    await reply.run()
    this.#replies.delete(message.id)
    message.state = reply.outcome.state ?? message.state
    if (reply.outcome.streaming !== undefined) conversation.streaming = reply.outcome.streaming
  }

  /** @param {Partial<Message>} parts */
  #add(parts) {
    const { messages } = this.#store.state
    const message = newMessage({ conversation: this.#current().id, place: messages.length, ...parts })
    this.#store.update({ messages: [...messages, message] })
    return message
  }

  #lastState() {
    return this.#store.state.messages.findLast(({ from, status }) => from === "assistant" && !UNANSWERED.has(status))?.state ?? ""
  }

  #current() {
    const { current } = this.#store.state
    if (!current) throw new Error("no chat is open")
    return current
  }
}

const UNANSWERED = new Set(["waiting", "failed"])

/**
 * @param {Service} service
 * @returns {Conversation}
 */
function newConversation({ name, url }) {
  return {
    id: newId(),
    action: url,
    name,
    title: "",
    at: Date.now(),
    streaming: false,
    settings: { system: "", temperature: null, maxTokens: null, model: "" },
  }
}

/**
 * @param {Partial<Message>} parts
 * @returns {Message}
 */
function newMessage(parts) {
  return {
    id: newId(),
    conversation: "",
    place: 0,
    from: "assistant",
    at: Date.now(),
    text: "",
    thinking: "",
    thinkingMs: 0,
    status: "waiting",
    opening: false,
    problem: null,
    figures: null,
    state: "",
    lost: 0,
    data: {},
    ...parts,
  }
}

