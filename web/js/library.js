/** The conversations: listed, opened, renamed, searched, deleted; the same in all tabs. */

import { wayThrough } from "./branches.js"
import { followTabs } from "./following.js"
import { isRunning } from "./store.js"

/** @import { Keeper } from "./keeper.js" */
/** @import { SteadyArchive } from "./steady-archive.js" */
/** @import { Conversation, Message } from "./state.js" */
/** @import { Store } from "./store.js" */
/** @import { Tabs } from "./tabs.js" */

export class Library {
  #archive
  #keeper
  #store
  #tabs

  /**
   * @param {SteadyArchive} archive
   * @param {Keeper} keeper
   * @param {Store} store
   * @param {Tabs} tabs
   */
  constructor(archive, keeper, store, tabs) {
    this.#archive = archive
    this.#keeper = keeper
    this.#store = store
    this.#tabs = tabs
    tabs.on("list", () => this.list())
    tabs.on("messages", ({ conversation }) => this.#reread(conversation))
    followTabs(tabs, store, keeper, (current, tree) => this.#show(current, tree))
  }

  /** Read the list again. */
  async list() {
    const all = await this.#archive.conversations()
    const conversations = all.filter(({ owner }) => owner === this.#store.state.user)
    const current = conversations.find(({ id }) => id === this.#store.state.current?.id)
    const turned = current && current.through !== this.#store.state.current?.through
    this.#store.update(current ? { conversations, current } : { conversations })
    if (turned) this.#show(current, this.#store.state.tree)
  }

  /**
   * Show a conversation as it was left.
   *
   * @param {string} id
   * @returns {Promise<boolean>} whether it is there
   */
  async open(id) {
    const current = this.#store.state.conversations.find((conversation) => conversation.id === id)
    if (!current) return false
    const tree = await this.#messages(id)
    this.#store.update({ current, tree, messages: wayThrough(tree, current.through) })
    return true
  }

  /**
   * @param {string} id
   * @returns {Conversation | undefined} as it is now; one that is not kept yet only while it is open
   */
  conversation(id) {
    const { conversations, current } = this.#store.state
    return conversations.find((conversation) => conversation.id === id) ?? (current?.id === id ? current : undefined)
  }

  /** @param {Conversation} conversation new or changed */
  async keep(conversation) {
    const { conversations, current } = this.#store.state
    const others = conversations.filter(({ id }) => id !== conversation.id)
    this.#store.update({ conversations: [conversation, ...others].sort((one, other) => other.at - one.at) })
    if (current?.id === conversation.id) this.#store.update({ current: conversation })
    await this.#archive.keep(conversation)
    this.#tabs.tell({ type: "list" })
  }

  /**
   * @param {string} id
   * @param {Partial<Conversation>} changes
   */
  async change(id, changes) {
    const { conversations, current } = this.#store.state
    const kept = conversations.find((conversation) => conversation.id === id)
    if (kept) await this.keep({ ...kept, ...changes })
    else if (current?.id === id) this.#store.update({ current: { ...current, ...changes } })
  }

  /**
   * Show and keeps a message of the open conversation, behind the one it follows.
   *
   * @param {Message} message
   * @param {Partial<Conversation>} [changes] to the conversation
   */
  async add(message, changes) {
    const { current, tree } = this.#store.state
    if (current) await this.#turn({ ...current, ...changes, through: message.id }, [...tree, message])
  }

  /**
   * Show the way through another version of a message.
   *
   * @param {string} id
   */
  async turnTo(id) {
    const { current, tree } = this.#store.state
    if (current) await this.#turn({ ...current, through: id }, tree)
  }

  /** @param {string} id */
  async remove(id) {
    this.#keeper.drop(id)
    await this.#archive.remove(id)
    await this.list()
    this.#tabs.tell({ type: "list" })
  }

  /**
   * @param {string} words
   * @returns {Promise<Conversation[]>} those with the words in their title or in a message
   */
  async search(words) {
    const { conversations } = this.#store.state
    if (!words) return conversations
    const found = await this.#archive.search(words)
    const wanted = words.toLocaleLowerCase()
    return conversations.filter(({ id, title }) => found.has(id) || title.toLocaleLowerCase().includes(wanted))
  }

  /** @param {Message} message new or changed */
  async keepMessage(message) {
    await this.#keeper.keep(message)
  }

  /** @param {Message[]} messages to be deleted */
  async forget(messages) {
    const { tree, messages: shown } = this.#store.state
    const stays = (/** @type {Message} */ message) => !messages.includes(message)
    this.#store.update({ tree: tree.filter(stays), messages: shown.filter(stays) })
    await this.#archive.removeMessages(messages.map(({ id }) => id))
    const conversation = messages[0]?.conversation
    if (conversation) this.#tabs.tell({ type: "messages", conversation })
  }

  /** @param {(id: string) => void} stop ends the reply if it runs in this tab */
  onStop(stop) {
    this.#tabs.on("stop", ({ id }) => stop(id))
  }

  /** @param {string} id of a reply that runs in another tab */
  stopElsewhere(id) {
    this.#tabs.tell({ type: "stop", id })
  }

  /** @param {string} id */
  async #messages(id) {
    const kept = await this.#archive.messages(id)
    const messages = kept.map((message) => this.#keeper.written(message.id) ?? message)
    for (const message of messages.filter(isRunning)) this.#adopt(message)
    return messages
  }

  /**
   * A reply that was running when it was saved: it still does, here or in another tab, or it is over.
   *
   * @param {Message} message
   */
  async #adopt(message) {
    if (this.#keeper.written(message.id) || (await this.#tabs.isWritten(message.id))) return
    if (!isRunning(message)) return
    message.status = message.text || message.thinking ? "interrupted" : "failed"
    message.problem = { key: "left", detail: "" }
    await this.#keeper.keep(message)
    this.#store.touch(message)
  }

  /** @param {string} conversation */
  async #reread(conversation) {
    const { current } = this.#store.state
    if (current?.id === conversation) this.#show(current, await this.#messages(conversation))
  }

  /**
   * @param {Conversation} conversation
   * @param {Message[]} tree
   */
  async #turn(conversation, tree) {
    this.#show(conversation, tree)
    await this.keep(conversation)
  }

  /**
   * @param {Conversation} current
   * @param {Message[]} tree all of it
   */
  #show(current, tree) {
    const greetings = this.#store.state.messages.filter(({ opening }) => opening)
    this.#store.update({ current, tree, messages: [...greetings, ...wayThrough(tree, current.through)] })
  }
}
