/** Where a person writes, sends and stops. */

import { part, wish } from "./parts.js"

/** @import { Store } from "../store.js" */

/** What `keyCode` says while an input method composes, in browsers that end composition before keydown. */
const COMPOSING_KEY = 229

export class ChatComposer extends HTMLElement {
  /** @param {Store} store */
  attach(store) {
    const refresh = () => this.#refresh(store)
    for (const name of ["messages", "message", "place", "current"]) store.addEventListener(name, refresh)
    part(this, "stop").addEventListener("click", () => wish(this, "chat-stop"))
    part(this, "jump").addEventListener("click", () => wish(this, "transcript-jump"))
    this.#form.addEventListener("submit", (event) => this.#submit(event, store))
    this.#text.addEventListener("keydown", (event) => this.#key(event))
  }

  /** @param {boolean} away whether the reader is away from the end */
  offerJump(away) {
    part(this, "jump").hidden = !away
  }

  focusText() {
    this.#text.focus()
  }

  /** @param {Store} store */
  #refresh(store) {
    const running = store.running !== undefined
    const hadFocus = this.contains(document.activeElement)
    part(this, "send").hidden = running
    part(this, "stop").hidden = !running
    part(this, "send", HTMLButtonElement).disabled = !store.state.current
    if (hadFocus && !this.contains(document.activeElement)) this.focusText()
    const notice = store.state.place?.notice ?? ""
    part(this, "notice").textContent = notice
    part(this, "notice").hidden = !notice
  }

  /**
   * @param {Event} event
   * @param {Store} store
   */
  #submit(event, store) {
    event.preventDefault()
    const text = this.#text.value.trim()
    if (!text || store.running || !store.state.current) return
    this.#text.value = ""
    wish(this, "chat-send", text)
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === COMPOSING_KEY) return
    event.preventDefault()
    this.#form.requestSubmit()
  }

  get #text() {
    return /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"))
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (this.querySelector("form"))
  }
}

customElements.define("chat-composer", ChatComposer)
