/** @import { Activation } from "../api.js" */
/** @import { Store } from "../store.js" */

import { clock, counted, duration } from "../format.js"
import { h, refresh } from "../nodes.js"
import { linkTo } from "../route.js"

/** The newest activations; a field finds some of them. */
export class ActivationList extends HTMLElement {
  #selected = ""
  #input = /** @type {HTMLInputElement} */ (
    h("input", { class: "list__input", type: "search", placeholder: "Find an action or id", "aria-label": "Find an action or id" })
  )
  #rows = h("div", { class: "list__rows" })

  /** @param {Store} store */
  wire(store) {
    this.append(h("div", { class: "list__find" }, this.#input), this.#rows)
    this.#input.addEventListener("input", () => this.#render(store))
    store.addEventListener("change", () => this.#render(store))
    this.#render(store)
  }

  /** @param {Store} store @param {string} id */
  select(store, id) {
    this.#selected = id
    this.#render(store)
  }

  /** @param {Store} store */
  #render(store) {
    const sought = this.#input.value.trim().toLowerCase()
    const found = store.newestFirst.filter(({ action, id }) => action.toLowerCase().includes(sought) || id.startsWith(sought))
    refresh(this.#rows, [found, this.#selected, store.activations.size], () => {
      if (found.length) return [h("ul", { "aria-label": "Activations, the newest first" }, ...found.map((each) => this.#row(each)))]
      const words = store.activations.size ? "No activation matches." : "Nothing has run yet. Call an action, and it appears here."
      return [h("p", { class: "note list__empty" }, words)]
    })
  }

  /** @param {Activation} each */
  #row(each) {
    const facts = [
      each.messages === null ? "" : counted(each.messages, "message"),
      each.lines ? counted(each.lines, "line") : "",
      each.coldStart === null ? "" : "cold start",
    ]
    const link = h(
      "a",
      { class: "list__row", href: linkTo(each.id), "aria-current": each.id === this.#selected },
      statusDot(each.status),
      h("span", { class: "list__name" }, each.action),
      h("span", { class: "list__time" }, clock(each.start)),
      h("span", { class: "list__facts" }, facts.filter(Boolean).join(" · ")),
      h("span", { class: "list__duration" }, each.duration === null ? "running" : duration(each.duration)),
    )
    return h("li", {}, link)
  }
}

/** @param {string} status @returns {HTMLElement} */
export function statusDot(status) {
  const kind = status === "success" || status === "running" ? status : "failed"
  return h("span", { class: "dot", "data-status": kind, role: "img", "aria-label": status, title: status })
}
