/**
 * Separates a model's reasoning from its answer while the text arrives.
 *
 * Reasoning stands between `[think]` and `[/think]`, or `<think>` and `</think>` from older servers,
 * at the beginning of a reply. A mark may be cut anywhere. Within code it is text like any other.
 */

/** @typedef {{ thinking: string, text: string }} Split */

const OPENINGS = ["[think]", "<think>"]
const CLOSINGS = ["[/think]", "</think>"]

export class ThinkingSplitter {
  #held = ""
  #inside = false
  /** Text has begun, so a later mark is text too. */
  #answering = false

  /**
   * @param {string} piece
   * @returns {Split} what is certain by now; a possible beginning of a mark is held back
   */
  push(piece) {
    this.#held += piece
    const split = { thinking: "", text: "" }
    while (this.#step(split));
    return split
  }

  /** @returns {Split} what was held back */
  end() {
    const rest = this.#held
    this.#held = ""
    return this.#inside ? { thinking: rest, text: "" } : { thinking: "", text: rest }
  }

  get inside() {
    return this.#inside
  }

  /**
   * @param {Split} split
   * @returns {boolean} whether another step may find more
   */
  #step(split) {
    if (this.#inside) return this.#think(split)
    if (this.#answering) {
      split.text += this.#held
      this.#held = ""
      return false
    }
    return this.#begin(split)
  }

  /** @param {Split} split */
  #begin(split) {
    const start = this.#held.trimStart()
    const opening = OPENINGS.find((mark) => start.startsWith(mark))
    if (opening) {
      this.#held = start.slice(opening.length)
      this.#inside = true
      return true
    }
    if (start === "" || OPENINGS.some((mark) => mark.startsWith(start))) return false
    this.#answering = true
    return split !== null
  }

  /** @param {Split} split */
  #think(split) {
    const { at, length } = firstOf(this.#held, CLOSINGS)
    if (at >= 0) {
      split.thinking += this.#held.slice(0, at)
      this.#held = this.#held.slice(at + length).trimStart()
      this.#inside = false
      return true
    }
    const keep = heldBack(this.#held, CLOSINGS)
    split.thinking += this.#held.slice(0, this.#held.length - keep)
    this.#held = this.#held.slice(this.#held.length - keep)
    return false
  }
}

/**
 * @param {string} text
 * @param {string[]} marks
 */
function firstOf(text, marks) {
  const found = marks.map((mark) => ({ at: text.indexOf(mark), length: mark.length })).filter(({ at }) => at >= 0)
  return found.sort((a, b) => a.at - b.at)[0] ?? { at: -1, length: 0 }
}

/**
 * @param {string} text
 * @param {string[]} marks
 * @returns {number} how many characters at the end may be the beginning of a mark
 */
function heldBack(text, marks) {
  for (let size = Math.min(text.length, 7); size > 0; size--) {
    const tail = text.slice(-size)
    if (marks.some((mark) => mark.startsWith(tail))) return size
  }
  return 0
}
