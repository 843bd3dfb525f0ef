/** @import { Activation } from "../api.js" */

import { clock, counted, duration } from "../format.js"
import { h } from "../nodes.js"
import { linkTo } from "../route.js"

/** One activation in the list. Its nodes stay while it runs, so that no click on it and no focus is lost. */
export class ActivationRow {
  #dot = h("span", { class: "dot", role: "img" })
  #facts = h("span", { class: "list__facts" })
  #duration = h("span", { class: "list__duration" })
  #link

  /** @param {Activation} each */
  constructor(each) {
    this.#link = h(
      "a",
      { class: "list__row", href: linkTo(each.id) },
      this.#dot,
      h("span", { class: "list__name" }, each.action),
      h("span", { class: "list__time" }, clock(each.start)),
      this.#facts,
      this.#duration,
    )
    this.element = h("li", {}, this.#link)
  }

  /** @param {Activation} each @param {boolean} isSelected */
  show(each, isSelected) {
    const facts = [
      each.messages === null ? "" : counted(each.messages, "message"),
      each.lines ? counted(each.lines, "line") : "",
      each.coldStart === null ? "" : "cold start",
    ]
    setStatus(this.#dot, each.status)
    setText(this.#facts, facts.filter(Boolean).join(" · "))
    setText(this.#duration, each.duration === null ? "running" : duration(each.duration))
    isSelected ? this.#link.setAttribute("aria-current", "true") : this.#link.removeAttribute("aria-current")
  }
}

/** @param {string} status @returns {HTMLElement} */
export function statusDot(status) {
  const dot = h("span", { class: "dot", role: "img" })
  setStatus(dot, status)
  return dot
}

/** @param {HTMLElement} dot @param {string} status */
function setStatus(dot, status) {
  dot.dataset.status = status === "success" || status === "running" ? status : "failed"
  dot.setAttribute("aria-label", status)
  dot.title = status
}

/** @param {HTMLElement} part @param {string} text */
function setText(part, text) {
  if (part.textContent !== text) part.textContent = text
}
