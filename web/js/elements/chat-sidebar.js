/** The menu: chats of the deployment, and conversations of this browser. */

import { t } from "../i18n.js"
import { entry, keepingFocus, pageEntry } from "./menu-entries.js"
import { part, wish } from "./parts.js"

/** @import { Group, Service } from "../place.js" */
/** @import { Conversation, State } from "../state.js" */
/** @import { Store } from "../store.js" */

export class ChatSidebar extends HTMLElement {
  /**
   * @param {Store} store
   * @param {(words: string) => Promise<Conversation[]>} search
   */
  attach(store, search) {
    const conversations = async () => {
      const words = this.#search.value.trim()
      const found = await search(words)
      if (words === this.#search.value.trim()) this.#renderConversations(found, words, store.state)
    }
    store.watch(["place", "current", "user"], (state) => this.#renderChats(state))
    store.watch(["conversations", "current"], conversations)
    this.#search.addEventListener("input", conversations)
    this.#search.addEventListener("keydown", (event) => this.#key(event, conversations))
    part(this, "new").addEventListener("click", () => wish(this, "chat-new"))
    part(this, "open-settings").addEventListener("click", () => wish(this, "settings"))
    part(this, "open-help").addEventListener("click", () => wish(this, "help"))
    part(this, "offer-login").addEventListener("click", () => wish(this, "login"))
    part(this, "logout").addEventListener("click", () => wish(this, "logout"))
  }

  focusSearch() {
    this.#search.focus()
    this.#search.select()
  }

  /**
   * Enter opens the first that was found; Escape empties the box, then leaves it.
   *
   * @param {KeyboardEvent} event
   * @param {() => void} search
   */
  #key(event, search) {
    if (event.key === "Enter") part(this, "conversations").querySelector("button")?.click()
    if (event.key !== "Escape") return
    event.preventDefault()
    if (!this.#search.value) return wish(this, "focus-composer")
    event.stopPropagation()
    this.#search.value = ""
    search()
  }

  /** @param {State} state */
  #renderChats({ place, current, user }) {
    const groups = (place?.groups ?? []).map((group) => this.#group(group, current))
    keepingFocus(part(this, "groups"), groups)
    part(this, "offer-login").hidden = !place?.more
    part(this, "logout").hidden = !user
    part(this, "user").textContent = user
  }

  /**
   * @param {Conversation[]} conversations
   * @param {string} words searched for
   * @param {State} state
   */
  #renderConversations(conversations, words, { current }) {
    const items = conversations.map(({ id, title, name }) =>
      entry(title || name, id === current?.id, () => wish(this, "conversation-open", id), `c-${id}`),
    )
    keepingFocus(part(this, "conversations"), items)
    const none = part(this, "none")
    none.hidden = items.length > 0
    none.textContent = words ? t("menu.none-found") : t("menu.none")
  }

  /**
   * @param {Group} group
   * @param {Conversation | null} current
   */
  #group({ name, services }, current) {
    const section = document.createElement("section")
    const heading = document.createElement("h2")
    heading.className = "sidebar__heading"
    heading.textContent = name
    const list = document.createElement("ul")
    list.className = "sidebar__list"
    list.append(...services.map((service) => this.#service(service, current)))
    section.append(heading, list)
    return section
  }

  /**
   * @param {Service} service
   * @param {Conversation | null} current
   */
  #service(service, current) {
    if (service.iframe) return pageEntry(service.name, service.iframe)
    const open = service.url === current?.action && !current.title
    return entry(service.name, open, () => wish(this, "chat-start", service), `s-${service.url}`)
  }

  get #search() {
    return /** @type {HTMLInputElement} */ (this.querySelector("input[type=search]"))
  }
}

customElements.define("chat-sidebar", ChatSidebar)
