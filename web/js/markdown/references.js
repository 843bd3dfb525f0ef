/**
 * References of a text that arrives: `[label]` may stand long before what tells where it leads, so what has one is
 * drawn again when that comes.
 */

import { noLinks } from "./grammar.js"

/** What may be the label of a reference. */
const LABEL = /\[((?:\\[^]|[^[\]\\]){1,999})\]/g

export class References {
  /** Where the labels that are defined so far lead to. */
  links = noLinks()
  /** Labels that were defined since the last `redraw`. @type {string[]} */
  fresh = []
  /** What to draw again, by each label that was not defined when it was drawn. @type {Map<string, (() => void)[]>} */
  #waiting = new Map()

  /**
   * @param {string} source that has been drawn
   * @param {() => void} draw draws it again
   */
  note(source, draw) {
    for (const label of new Set([...source.matchAll(LABEL)].map(([, text = ""]) => labelOf(text)))) {
      if (Object.hasOwn(this.links, label)) continue
      const waiting = this.#waiting.get(label)
      if (waiting) waiting.push(draw)
      else this.#waiting.set(label, [draw])
    }
  }

  /** Draw again what refers to what is defined by now. */
  redraw() {
    const defined = this.fresh.splice(0).filter((label) => Object.hasOwn(this.links, label))
    const waiting = new Set(defined.flatMap((label) => this.#waiting.get(label) ?? []))
    for (const label of defined) this.#waiting.delete(label)
    for (const draw of waiting) draw()
  }
}

/** As CommonMark and marked compare labels. @param {string} text */
function labelOf(text) {
  return text.trim().replace(/\s+/g, " ").toLowerCase().toUpperCase().toLowerCase()
}
