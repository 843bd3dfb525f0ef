/** A code block that is being written: its lines go straight into the page until the fence closes it. */

import { addCode, codeBlock } from "./code-block.js"

/** @import { Token } from "./grammar.js" */

const BEGIN = /^( {0,3})(`{3,}|~{3,})([^\n]*)\n/

export class OpenFence {
  #marker
  #indent
  #line = ""
  /** How much of the line, less its indent, is in the page already. */
  #shown = 0
  /** Characters of code so far. */
  length = 0

  /**
   * @param {string} indent
   * @param {string} marker
   * @param {string} info
   */
  constructor(indent, marker, info) {
    this.#indent = new RegExp(`^ {0,${indent.length}}`)
    this.#marker = marker
    this.block = codeBlock(info, "")
    this.code = /** @type {Element} */ (this.block.querySelector("code"))
  }

  /**
   * @param {string} text
   * @returns {string | null} what follows the closing fence, or null while the block is open
   */
  write(text) {
    this.length += text.length
    for (let rest = text; rest; ) {
      const end = rest.indexOf("\n") + 1 || rest.length
      this.#line += rest.slice(0, end)
      rest = rest.slice(end)
      if (this.#line.endsWith("\n")) {
        if (this.#closes()) return rest
        this.#show()
        this.#line = ""
        this.#shown = 0
      } else if (!this.#mayClose()) this.#show()
    }
    return null
  }

  /** The reply ended within the block. */
  end() {
    if (!this.#closes()) this.#show()
  }

  #closes() {
    const mark = this.#line.trim()
    return this.#mayClose() && mark.length >= this.#marker.length
  }

  /** The line so far is nothing but the closing mark or its beginning. */
  #mayClose() {
    const mark = this.#line.trim()
    return /^ {0,3}[^ ]*\s*$/.test(this.#line) && mark === this.#marker.charAt(0).repeat(mark.length)
  }

  #show() {
    const line = this.#line.replace(this.#indent, "")
    addCode(this.code, line.slice(this.#shown))
    this.#shown = line.length
  }
}

/**
 * @param {Token} block
 * @returns {{ fence: OpenFence, rest: string } | null} when the block is a fence with a complete first
 *   line and no end: the fence, and the lines it has so far
 */
export function openFence(block) {
  const begin = block.type === "code" ? BEGIN.exec(block.raw) : null
  if (!begin) return null
  const [first, indent = "", marker = "", info = ""] = begin
  const lines = block.raw.trimEnd().split("\n")
  const last = lines.at(-1)?.trim() ?? ""
  const closed = lines.length > 1 && last.length >= marker.length && last === marker.charAt(0).repeat(last.length)
  return closed ? null : { fence: new OpenFence(indent, marker, info), rest: block.raw.slice(first.length) }
}
