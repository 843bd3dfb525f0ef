/** Where a person writes, sends and stops. */

import { t } from "../i18n.js"
import { isRunning } from "../store.js"
import { isSending, writtenIn } from "./enter.js"
import { isToldIn, noticeNodes } from "./notice.js"
import { part, wish } from "./parts.js"

/** @import { Store } from "../store.js" */

export class ChatComposer extends HTMLElement {
  /** @param {Store} store */
  attach(store) {
    const refresh = () => this.#refresh(store)
    for (const name of ["messages", "message", "place", "phase", "current", "silent", "unkept", "formats"]) store.addEventListener(name, refresh)
    part(this, "stop").addEventListener("click", () => wish(this, "chat-stop"))
    part(this, "jump").addEventListener("click", () => wish(this, "transcript-jump"))
    this.#form.addEventListener("submit", (event) => this.#submit(event, store))
    this.#text.addEventListener("keydown", (event) => this.#key(event))
    this.#text.addEventListener("input", () => this.#fit())
  }

  /** @param {boolean} away whether the reader is away from the end */
  offerJump(away) {
    part(this, "jump").hidden = !away
  }

  /**
   * On a touch screen the focus calls up the keyboard, which covers what is to be read.
   *
   * @param {boolean} [wanted] by the person, and not only by us
   */
  focusText(wanted = false) {
    if (wanted || matchMedia("(pointer: fine)").matches || this.contains(document.activeElement)) this.#text.focus()
  }

  /** @param {Store} store */
  #refresh(store) {
    const running = store.running !== undefined
    const hadFocus = this.contains(document.activeElement)
    part(this, "send").hidden = running
    part(this, "stop").hidden = !running
    part(this, "send", HTMLButtonElement).disabled = !takesMessages(store)
    if (hadFocus && !this.contains(document.activeElement)) this.focusText()
    const notice = store.state.place?.notice ?? ""
    const greeting = store.state.messages.find(({ opening }) => opening)
    // Once is enough.
    const told = greeting && (isRunning(greeting) || isToldIn(greeting.text, notice))
    this.#notice(told ? "" : notice)
    this.#note("silence", running && store.running?.id === store.state.silent ? t("status.silent") : "")
    this.#note("unkept", store.state.unkept.map((what) => t(`status.unkept-${what}`)).join(" "))
    this.#note("plain", store.state.formats ? "" : t("status.plain"))
  }

  /** @param {string} words the same as long as the page lives, or "" */
  #notice(words) {
    const place = part(this, "notice")
    if (place.hidden === Boolean(words)) place.replaceChildren(...noticeNodes(words))
    place.hidden = !words
  }

  /**
   * @param {string} name
   * @param {string} words
   */
  #note(name, words) {
    part(this, name).textContent = words
    part(this, name).hidden = !words
  }

  /**
   * @param {Event} event
   * @param {Store} store
   */
  #submit(event, store) {
    event.preventDefault()
    const text = writtenIn(this.#text)
    if (!text || store.running || !takesMessages(store)) return
    this.#text.value = ""
    this.#fit()
    wish(this, "chat-send", { input: text })
  }

  /** Where the browser does not let the box grow with its text by itself. */
  #fit() {
    if (CSS.supports("field-sizing", "content")) return
    this.#text.style.blockSize = "auto"
    this.#text.style.blockSize = `${this.#text.scrollHeight}px`
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (isSending(event)) {
      event.preventDefault()
      this.#form.requestSubmit()
    } else if (event.key === "ArrowUp" && !event.altKey && !this.#text.value && !event.isComposing) {
      event.preventDefault()
      wish(this, "message-edit-last")
    }
  }

  get #text() {
    return /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"))
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (this.querySelector("form"))
  }
}

/**
 * What is sent before the deployment has said where its chats are would go nowhere.
 *
 * @param {Store} store
 */
function takesMessages({ state }) {
  return state.phase === "ready" && state.current !== null
}

customElements.define("chat-composer", ChatComposer)
