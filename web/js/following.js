/** Messages that grow in several tabs at once. */

/** @import { Keeper } from "./keeper.js" */
/** @import { Conversation, Delta, Message } from "./state.js" */
/** @import { Store } from "./store.js" */
/** @import { Tabs } from "./tabs.js" */

/**
 * Show here what other tabs write into the open conversation, and tells them what this one writes.
 *
 * @param {Tabs} tabs
 * @param {Store} store
 * @param {Keeper} keeper
 * @param {(current: Conversation, tree: Message[]) => void} show
 */
export function followTabs(tabs, store, keeper, show) {
  tabs.on("message", ({ message }) => {
    const { current, tree } = store.state
    // Who writes a message knows best: another tab may take it for one that was left.
    if (current?.id !== message.conversation || keeper.written(message.id)) return
    const own = tree.find(({ id }) => id === message.id)
    if (!own) return show(current, [...tree, message])
    Object.assign(own, message)
    store.touch(own)
  })
  tabs.on("grow", ({ delta, at }) => {
    const message = store.state.tree.find(({ id }) => id === delta.id)
    // Text that does not fit comes whole when the reply ends.
    if (!message || message.text.length !== at) return
    message.text += delta.text
    message.thinking += delta.thinking
    store.grow(delta)
  })
  store.addEventListener("delta", (event) => {
    const delta = /** @type {CustomEvent<Delta>} */ (event).detail
    const message = keeper.written(delta.id)
    if (message) keeper.grown(message, delta)
  })
}
