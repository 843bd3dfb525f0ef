/** @import { Detail, Line } from "../api.js" */
/** @import { Store } from "../store.js" */
/** @import { Child } from "../nodes.js" */

import * as api from "../api.js"
import { clock, counted, duration, offset } from "../format.js"
import { h, prose, refresh } from "../nodes.js"
import { linkTo } from "../route.js"
import { statusDot } from "./activation-row.js"
import { streamNodes } from "./stream-messages.js"
import { table, valueNode } from "./table.js"

/** All that is known of one activation; it follows while the activation runs. */
export class ActivationDetail extends HTMLElement {
  #id = ""
  #seen = ""
  #asking = false
  #head = h("div", {})
  #warnings = h("div", {})
  #stream = h("section", { class: "detail__section", "aria-label": "Stream" })
  #result = h("section", { class: "detail__section", "aria-label": "Result" })
  #log = h("section", { class: "detail__section", "aria-label": "Log" })
  #arguments = h("section", { class: "detail__section", "aria-label": "Arguments" })

  /** @param {Store} store */
  wire(store) {
    this.append(this.#head, this.#warnings, this.#stream, this.#result, this.#log, this.#arguments)
    store.addEventListener("change", () => this.#follow(store))
  }

  /** @param {Store} store @param {string} id */
  select(store, id) {
    if (id === this.#id && id) return
    this.#id = id
    this.#seen = ""
    this.#clear(id ? "" : "Choose an activation to see its arguments, log, result and stream.")
    this.scrollTop = 0
    this.#follow(store)
  }

  /** @param {Store} store */
  async #follow(store) {
    const news = JSON.stringify([store.activations.get(this.#id) ?? null, store.warnings.length])
    if (!this.#id || this.#asking || news === this.#seen) return
    this.#seen = news
    this.#asking = true
    const id = this.#id
    try {
      const detail = await api.detail(id)
      if (id === this.#id) this.#show(detail)
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error
      if (id === this.#id) this.#clear(error.message)
    }
    this.#asking = false
    this.#follow(store)
  }

  /** @param {string} words */
  #clear(words) {
    for (const part of [this.#warnings, this.#stream, this.#result, this.#log, this.#arguments]) {
      refresh(part, null, () => [])
      part.hidden = true
    }
    refresh(this.#head, words, () => [words && h("p", { class: "note" }, words)])
  }

  /** @param {Detail} detail */
  #show(detail) {
    const { log, arguments: given, stream, warnings, result, ...about } = detail
    refresh(this.#head, about, () => this.#headNodes(detail))
    this.#section(this.#warnings, warnings.length > 0, warnings, () =>
      warnings.map((text) => h("p", { class: "detail__warning" }, ...prose(text))),
    )
    this.#section(this.#stream, stream !== null, stream, () => (stream ? streamNodes(stream) : []))
    this.#section(this.#result, detail.duration !== null, result ?? null, () => [heading("Result"), resultNode(result)])
    this.#section(this.#log, log.length > 0, log, () => [heading("Log"), logNode(log)])
    this.#section(this.#arguments, given.length > 0, given, () => [heading("Arguments"), argumentTable(detail)])
  }

  /** @param {HTMLElement} part @param {boolean} isThere @param {unknown} data @param {() => Child[]} content */
  #section(part, isThere, data, content) {
    part.hidden = !isThere
    refresh(part, isThere ? [data] : null, () => (isThere ? content() : []))
  }

  /** @param {Detail} detail @returns {Child[]} */
  #headNodes(detail) {
    const again = h("button", { class: "button", type: "button" }, "Run again")
    again.addEventListener("click", () => this.#replay(/** @type {HTMLButtonElement} */ (again)))
    const facts = [
      h("span", { class: "detail__fact" }, statusDot(detail.status), detail.timedOut ? "time limit" : detail.status),
      clock(detail.start),
      detail.duration === null ? null : duration(detail.duration),
      detail.coldStart === null ? null : `process started in ${duration(detail.coldStart)}`,
      `version ${detail.version}`,
      h("code", {}, detail.id),
    ]
    return [
      h("div", { class: "detail__head" }, h("h2", { class: "detail__title" }, detail.action), again),
      h("p", { class: "detail__facts note" }, ...facts.map((fact) => fact && h("span", {}, fact))),
    ]
  }

  /** @param {HTMLButtonElement} button */
  async #replay(button) {
    button.disabled = true
    try {
      location.hash = linkTo(await api.replay(this.#id))
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error
      button.after(h("p", { class: "note", role: "alert" }, error.message))
    }
    button.disabled = false
  }
}

/** @param {string} title @param {string} [note] */
function heading(title, note = "") {
  return h("h3", { class: "detail__heading" }, title, note && h("span", { class: "note" }, ` ${note}`))
}

/** @param {unknown} result */
function resultNode(result) {
  return h("div", { class: "detail__text" }, valueNode(result))
}

/** @param {Line[]} lines */
function logNode(lines) {
  const rows = lines.map(({ at, stream, text }) =>
    h(
      "div",
      { class: "log__line", "data-stream": stream },
      h("span", { class: "log__time" }, offset(at)),
      h("span", { class: "log__text" }, text),
    ),
  )
  return h("pre", { class: "detail__text", tabindex: 0, "aria-label": counted(lines.length, "line") }, ...rows)
}

/** @param {Detail} detail */
function argumentTable(detail) {
  const columns = /** @type {[string, string][]} */ ([["Name", "name"], ["Value", "value"], ["Where it came from", "origin"]])
  const rows = detail.arguments.map(({ name, value, origin }) => [name, valueNode(value), origin])
  return table("Arguments", columns, rows)
}
