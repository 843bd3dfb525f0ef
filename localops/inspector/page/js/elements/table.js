/** Tables of all views. */

/** @import { Child } from "../nodes.js" */

import { h } from "../nodes.js"
import { shown } from "../format.js"

const LONG_CHARACTERS = 600
const LONG_LINES = 12

/**
 * @param {string} label for screen readers
 * @param {[title: string, kind: string][]} columns
 * @param {Child[][]} rows
 * @returns {HTMLElement}
 */
export function table(label, columns, rows) {
  const head = columns.map(([title, kind]) => h("th", { class: "table__head", scope: "col", "data-kind": kind }, title))
  const body = rows.map((cells) =>
    h("tr", {}, ...cells.map((cell, at) => h("td", { class: "table__cell", "data-kind": columns[at]?.[1] }, cell))),
  )
  const whole = h("table", { class: "table", "aria-label": label }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...body))
  return h("div", { class: "table__wrap" }, whole)
}

/**
 * A value to read; a long one is folded.
 *
 * @param {unknown} value
 * @param {string} [summary] what a long one is called
 * @returns {HTMLElement}
 */
export function valueNode(value, summary) {
  const text = shown(value)
  const whole = h("pre", {}, text)
  const lines = text.split("\n").length
  if (text.length <= LONG_CHARACTERS && lines <= LONG_LINES) return whole
  return h("details", {}, h("summary", {}, summary ?? `${text.length.toLocaleString()} characters`), whole)
}
