/** Which model answers, whether its server does, and the choice of another. */

import { modelIn, stateOf } from "../dialogue.js"
import { t } from "../i18n.js"
import { part, wish } from "./parts.js"

/** @import { State } from "../state.js" */
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
    const model = current?.picked.model || answered || (health.models.includes(chosen) ? chosen : "")
    this.hidden = health.ok === null && !model
    part(this, "dot").dataset.answers = health.ok === null ? "unknown" : health.ok ? "yes" : "no"
    part(this, "model").textContent = health.ok === false ? t("model.none") : model || t("model.any")
    part(this, "health").textContent = t(health.ok === null ? "model.unknown" : health.ok ? "model.good" : "model.bad")
    part(this, "reason").textContent = health.reason
    part(this, "reason").hidden = !health.reason
    this.#offer(current?.action === health.action ? health.models : [], model)
  }

  /**
   * @param {string[]} models
   * @param {string} chosen
   */
  #offer(models, chosen) {
    const drawn = [chosen, ...models].join("\n")
    if (drawn === this.#drawn) return
    this.#drawn = drawn
    part(this, "models").replaceChildren(...models.map((name) => this.#option(name, name === chosen)))
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

customElements.define("chat-model", ChatModel)
