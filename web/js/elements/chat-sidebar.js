/** The menu of the deployment. */

import { part, wish } from "./parts.js"

/** @import { Group, Service } from "../api.js" */
/** @import { State, Store } from "../store.js" */

export class ChatSidebar extends HTMLElement {
  /** @param {Store} store */
  attach(store) {
    store.watch(["place", "current"], (state) => this.#render(state))
    part(this, "new").addEventListener("click", () => wish(this, "chat-new"))
  }

  /** @param {State} state */
  #render({ place, current }) {
    const groups = (place?.groups ?? []).map((group) => this.#group(group, current?.action))
    part(this, "groups").replaceChildren(...groups)
  }

  /**
   * @param {Group} group
   * @param {string | undefined} open
   */
  #group({ name, services }, open) {
    const section = document.createElement("section")
    const heading = document.createElement("h2")
    heading.className = "sidebar__heading"
    heading.textContent = name
    const list = document.createElement("ul")
    list.className = "sidebar__list"
    list.append(...services.map((service) => this.#entry(service, service.url === open)))
    section.append(heading, list)
    return section
  }

  /**
   * @param {Service} service
   * @param {boolean} open
   */
  #entry(service, open) {
    const item = document.createElement("li")
    const button = document.createElement("button")
    button.type = "button"
    button.className = "sidebar__item"
    button.textContent = service.name
    if (open) button.setAttribute("aria-current", "true")
    button.addEventListener("click", () => wish(this, "chat-start", service))
    item.append(button)
    return item
  }
}

customElements.define("chat-sidebar", ChatSidebar)
