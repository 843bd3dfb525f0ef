/**
 * Separate a model's reasoning from its answer while the text arrives.
 *
 * Reasoning stands between `[think]` and `[/think]`, or `<think>` and `</think>` from older servers. It
 * begins at the beginning of a line; anywhere else, and in code, the mark is text. Some servers leave the
 * first mark out: then a closing one at the beginning of a line tells that all before it was reasoning.
 */

/**
 * `retract` tells that the text given so far was reasoning.
 *
 * @typedef {{ thinking: string, text: string, retract: boolean }} Split
 */

const OPENINGS = ["[think]", "<think>"]
const CLOSINGS = ["[/think]", "</think>"]
const MARKS = [...OPENINGS, ...CLOSINGS]
const FENCE = /^ {0,3}(```|~~~)/

export class ThinkingSplitter {
  #held = ""
  #inside = false
  /** What is held begins a line of the answer. */
  #atLineStart = true
  #isNewLine = false
  #inFence = false
  #hasText = false

  /**
   * @param {string} piece
   * @returns {Split} what is certain by now; a possible beginning of a mark is held back
   */
  push(piece) {
    this.#held += piece
    const split = { thinking: "", text: "", retract: false }
    while (this.#inside ? this.#think(split) : this.#atLineStart ? this.#beginLine(split) : this.#goOn(split));
    return split
  }

  /** @returns {Split} what was held back */
  end() {
    const rest = this.#held
    this.#held = ""
    return { thinking: this.#inside ? rest : "", text: this.#inside ? "" : rest, retract: false }
  }

  /**
   * Each step returns whether another one may find more.
   *
   * @param {Split} split
   */
  #beginLine(split) {
    const line = this.#held.trimStart()
    const mark = this.#inFence ? undefined : MARKS.find((candidate) => line.startsWith(candidate))
    if (mark) return this.#meet(mark, line.slice(mark.length), split)
    if (!this.#inFence && MARKS.some((candidate) => candidate.startsWith(line))) return false
    // Empty lines before the first word say nothing; blanks before it may make it code.
    if (!this.#hasText) this.#held = this.#held.replace(/^(?:[^\S\n]*\n)+/, "")
    if (!this.#held) return false
    this.#hasText = true
    this.#atLineStart = false
    this.#isNewLine = true
    return true
  }

  /**
   * @param {string} mark at the beginning of a line
   * @param {string} rest of what is held
   * @param {Split} split
   */
  #meet(mark, rest, split) {
    this.#inside = OPENINGS.includes(mark)
    this.#held = rest
    if (this.#inside) return true
    split.retract = true
    split.thinking += split.text
    split.text = ""
    this.#hasText = false
    return true
  }

  /** @param {Split} split */
  #goOn(split) {
    const end = this.#held.indexOf("\n") + 1
    const line = end > 0 ? this.#held.slice(0, end) : this.#held
    if (this.#isNewLine) {
      // Too short to tell whether it is a fence.
      if (end === 0 && /^ {0,3}[`~]{0,2}$/.test(line)) return false
      if (FENCE.test(line)) this.#inFence = !this.#inFence
    }
    split.text += line
    this.#held = this.#held.slice(line.length)
    this.#isNewLine = false
    this.#atLineStart = end > 0
    return end > 0
  }

  /** @param {Split} split */
  #think(split) {
    const { at, length } = firstOf(this.#held, CLOSINGS)
    if (at >= 0) {
      split.thinking += this.#held.slice(0, at)
      this.#held = this.#held.slice(at + length)
      this.#inside = false
      this.#atLineStart = true
      this.#hasText = false
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
  return found.sort((one, other) => one.at - other.at)[0] ?? { at: -1, length: 0 }
}

/**
 * @param {string} text
 * @param {string[]} marks
 * @returns {number} how many characters at the end may be the beginning of a mark
 */
function heldBack(text, marks) {
  const longest = Math.max(...marks.map((mark) => mark.length)) - 1
  for (let size = Math.min(text.length, longest); size > 0; size--) {
    const tail = text.slice(-size)
    if (marks.some((mark) => mark.startsWith(tail))) return size
  }
  return 0
}
