/** @import { Activation } from "../api.js" */
/** @import { Store } from "../store.js" */

import { h } from "../nodes.js"
import { ActivationRow } from "./activation-row.js"

/** The newest activations; a field finds some of them. */
export class ActivationList extends HTMLElement {
  #selected = ""
  #isPressed = false
  #input = /** @type {HTMLInputElement} */ (
    h("input", { class: "list__input", type: "search", placeholder: "Find an action or id", "aria-label": "Find an action or id" })
  )
  #list = h("ul", { "aria-label": "Activations, the newest first" })
  #empty = h("p", { class: "note list__empty" })
  /** @type {Map<string, ActivationRow>} */
  #rows = new Map()

  /** @param {Store} store */
  wire(store) {
    const render = () => this.#render(store)
    this.append(h("div", { class: "list__find" }, this.#input), h("div", { class: "list__rows" }, this.#list, this.#empty))
    this.#input.addEventListener("input", render)
    store.addEventListener("change", render)
    // What runs meanwhile must not push another row under the pointer; the click comes before the timer.
    this.addEventListener("pointerdown", () => (this.#isPressed = true))
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => this.#release(store)))
    render()
  }

  /** @param {Store} store @param {string} id */
  select(store, id) {
    this.#selected = id
    this.#render(store)
  }

  /** @param {Store} store */
  #release(store) {
    if (!this.#isPressed) return
    this.#isPressed = false
    this.#render(store)
  }

  /** @param {Store} store */
  #render(store) {
    if (this.#isPressed) return
    const sought = this.#input.value.trim().toLowerCase()
    const found = store.newestFirst.filter(({ action, id }) => action.toLowerCase().includes(sought) || id.startsWith(sought))
    this.#drop(new Set(found.map(({ id }) => id)))
    this.#place(found)
    this.#list.hidden = found.length === 0
    this.#empty.hidden = found.length > 0
    this.#empty.textContent = store.activations.size ? "No activation matches." : "Nothing has run yet. Call an action, and it appears here."
  }

  /** @param {Set<string>} wanted */
  #drop(wanted) {
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue
      row.element.remove()
      this.#rows.delete(id)
    }
  }

  /** @param {Activation[]} found */
  #place(found) {
    let next = this.#list.firstElementChild
    for (const each of found) {
      const row = this.#rows.get(each.id) ?? new ActivationRow(each)
      this.#rows.set(each.id, row)
      row.show(each, each.id === this.#selected)
      if (row.element === next) next = next.nextElementSibling
      else this.#list.insertBefore(row.element, next)
    }
  }
}
