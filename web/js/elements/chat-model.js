/** Which model answers, whether its server does, and the choice of another. */

import { modelIn, stateOf } from "../dialogue.js"
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
    part(this, "model-menu").addEventListener("toggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === "open") wish(this, "health-look")
    })
  }

  /** @param {State} state */
  #render({ health, current, messages }) {
    const answered = messages.findLast(({ figures }) => figures?.model)?.figures?.model
    const chosen = current ? modelIn(stateOf(messages, current.picked)) : ""
    // A name that the server does not list is one that another model stands in for.
    const model = current?.picked.model || answered || (health.models.some((name) => isSame(name, chosen)) ? chosen : "")
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
  #offer(servers, chosen) {
    const drawn = JSON.stringify([chosen, servers])
    if (drawn === this.#drawn) return
    this.#drawn = drawn
    part(this, "models").replaceChildren(...servers.map((server) => this.#group(server, servers.length > 1, chosen)))
  }

  /**
   * @param {Server} server
   * @param {boolean} isOneOfSeveral so that it needs its name
   * @param {string} chosen
   */
  #group({ title, isLocal, models, more, fault }, isOneOfSeveral, chosen) {
    const group = document.createElement("div")
    group.setAttribute("role", "group")
    group.setAttribute("aria-label", title)
    if (isOneOfSeveral) group.append(line("menu__group", title))
    if (!isLocal) group.append(line("menu__note menu__detail", t("model.leaves")))
    if (fault && isOneOfSeveral) group.append(line("menu__note menu__detail", fault))
    group.append(...models.map((name) => this.#option(name, isSame(name, chosen))))
    if (more > 0) group.append(line("menu__note menu__detail", t("model.more", { count: String(more) })))
    return group
  }

  /**
   * @param {string} name
   * @param {boolean} chosen
   */
  #option(name, chosen) {
    const button = document.createElement("button")
    button.type = "button"
    button.className = "menu__item"
    button.textContent = name
    button.setAttribute("aria-pressed", String(chosen))
    button.addEventListener("click", () => {
      part(this, "model-menu").hidePopover()
      wish(this, "model-pick", name)
    })
    return button
  }
}

/**
 * @param {string[]} models of an action that does not say which server has them
 * @returns {Server[]}
 */
function only(models) {
  return [{ title: "", isLocal: true, models, more: 0, fault: "" }]
}

/**
 * @param {string} look
 * @param {string} words
 */
function line(look, words) {
  const paragraph = document.createElement("p")
  paragraph.className = look
  paragraph.textContent = words
  return paragraph
}

/**
 * @param {string} name with its provider's or without
 * @param {string} chosen as the action or a server says it
 */
function isSame(name, chosen) {
  return name === chosen || (chosen !== "" && name.endsWith(`/${chosen}`))
}

customElements.define("chat-model", ChatModel)
