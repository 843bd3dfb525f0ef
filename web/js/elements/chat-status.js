/** The one line that a screen reader hears about replies: that they start and how they end. */

import { t } from "../i18n.js"

/** @import { Store } from "../store.js" */

export class ChatStatus extends HTMLElement {
  /** @param {Store} store */
  attach(store) {
    store.addEventListener("message", (event) => {
      const id = /** @type {CustomEvent<string>} */ (event).detail
      const message = store.state.messages.find((candidate) => candidate.id === id)
      if (!message || message.opening) return
      const reason = message.problem ? t(`problem.${message.problem.key}`) : ""
      this.textContent = message.status === "streaming" ? t("status.started") : t(`status.${message.status}`, { reason })
    })
    store.watch(["silent"], ({ silent }) => {
      if (silent && silent === store.running?.id) this.textContent = t("status.silent")
    })
  }
}

customElements.define("chat-status", ChatStatus)
