/** Which model answers, whether its server does, and the choice of another. */

import { isSameModel, modelIn, stateOf } from "../dialogue.js"
import { t } from "../i18n.js"
import { part, wish } from "./parts.js"

/** @import { Server, State } from "../state.js" */
/** @import { Store } from "../store.js" */

export class ChatModel extends HTMLElement {
  /** The choice as it stands on the page: what has the focus there is not to be drawn again. */
  #drawn = ""

  /** @param {Store} store */
  attach(store) {
    store.watch(["health", "current", "messages"], (state) => this.#render(state))
    store.addEventListener("message", () => this.#render(store.state))
    const menu = part(this, "model-menu")
    menu.addEventListener("toggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === "open") wish(this, "health-look")
    })
    menu.addEventListener("model-pick", () => menu.hidePopover())
  }

  /** @param {State} state */
  #render({ health, current, messages }) {
    const answered = messages.findLast(({ figures }) => figures?.model)?.figures?.model
    const chosen = current ? modelIn(stateOf(messages, current.picked)) : ""
    // A name that the server does not list is one that another model stands in for.
    const model = current?.picked.model || answered || (health.models.some((name) => isSameModel(name, chosen)) ? chosen : "")
    this.hidden = health.ok === null && !model
    part(this, "dot").dataset.answers = health.ok === null ? "unknown" : health.ok ? "yes" : "no"
    part(this, "model").textContent = health.ok === false ? t("model.none") : model || t("model.any")
    part(this, "health").textContent = t(health.ok === null ? "model.unknown" : health.ok ? "model.good" : "model.bad")
    part(this, "reason").textContent = health.reason
    part(this, "reason").hidden = !health.reason
    const isOfThisChat = current?.action === health.action
    this.#offer(isOfThisChat ? (health.servers.length ? health.servers : only(health.models)) : [], model)
  }

  /**
   * @param {Server[]} servers
   * @param {string} chosen
   */
  async #offer(servers, chosen) {
    const drawn = JSON.stringify([chosen, servers])
    if (drawn === this.#drawn) return
    this.#drawn = drawn
    // Fetched with the first answer that names models.
    const groups = servers.length ? (await import("./model-groups.js")).modelGroups(servers, chosen) : []
    if (this.#drawn === drawn) part(this, "models").replaceChildren(...groups)
  }
}

/**
 * @param {string[]} models of an action that does not say which server has them
 * @returns {Server[]}
 */
function only(models) {
  return [{ title: "", isLocal: true, models, more: 0, fault: "" }]
}

customElements.define("chat-model", ChatModel)
