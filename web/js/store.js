/**
 * The state of the page. Elements render from it and listen to it; what changes it goes through `update`, `touch`
 * and `grow`, and conversations and messages are written by `chat.js`, `reply.js` and `library.js` alone.
 */

/** @import { Delta, Health, Message, State } from "./state.js" */

/** @type {Health} */
export const UNKNOWN_HEALTH = { ok: null, reason: "", models: [], servers: [], action: "" }

/** @type {State} */
const BEGINNING = {
  phase: "starting",
  problem: null,
  place: null,
  user: "",
  conversations: [],
  current: null,
  tree: [],
  messages: [],
  silent: "",
  unkept: [],
  formats: true,
  health: UNKNOWN_HEALTH,
}

/**
 * Emit, after the change: one event named after each changed member of the state; `message` with the
 * message's id as detail when one message changed other than by text; `delta` when text was added.
 */
export class Store extends EventTarget {
  /** @type {Readonly<State>} */
  state = BEGINNING

  /** @param {Partial<State>} changes */
  update(changes) {
    this.state = { ...this.state, ...changes }
    for (const name of Object.keys(changes)) this.dispatchEvent(new Event(name))
  }

  /** @param {State["unkept"][number]} what the browser does not keep */
  unkeep(what) {
    if (!this.state.unkept.includes(what)) this.update({ unkept: [...this.state.unkept, what] })
  }

  /** @param {Message} message changed in place */
  touch(message) {
    this.dispatchEvent(new CustomEvent("message", { detail: message.id }))
  }

  /** @param {Delta} delta text that has just been added to a message */
  grow(delta) {
    this.dispatchEvent(new CustomEvent("delta", { detail: delta }))
  }

  /**
   * Call `render` now and after every later change of the named members.
   *
   * @param {(keyof State)[]} names
   * @param {(state: Readonly<State>) => void} render
   * @param {AbortSignal} [signal] ends it
   */
  watch(names, render, signal) {
    for (const name of names) this.addEventListener(name, () => render(this.state), { signal })
    render(this.state)
  }

  /** @returns {Message | undefined} the reply being written in the current conversation, greetings apart */
  get running() {
    return this.state.messages.findLast((message) => isRunning(message) && !message.opening)
  }
}

/** @param {Message} message */
export function isRunning(message) {
  return message.status === "waiting" || message.status === "streaming"
}
