/** Blocks of code between fences, also one that is being written: its lines go straight into the page. */

import { addCode, codeBlock } from "./code-block.js"

/** @import { Token } from "./grammar.js" */

const BEGIN = /^( {0,3})(`{3,}|~{3,})([^\n]*)(?:\n|$)/

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
    this.#indent = indentOf(indent)
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
        if (closes(this.#line, this.#marker)) return rest
        this.#show()
        this.#line = ""
        this.#shown = 0
      } else if (!this.#mayClose()) this.#show()
    }
    return null
  }

  /** The reply ended within the block. */
  end() {
    if (!closes(this.#line, this.#marker)) this.#show()
  }

  /** The line so far is nothing but the closing mark or its beginning. */
  #mayClose() {
    const [, mark] = /^ {0,3}(`*|~*) *$/.exec(this.#line) ?? []
    return mark !== undefined && mark === this.#marker.charAt(0).repeat(mark.length)
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
  const begin = BEGIN.exec(block.raw)
  if (!begin || !isOpenFence(block) || !begin[0].endsWith("\n")) return null
  const [first, indent = "", marker = "", info = ""] = begin
  return { fence: new OpenFence(indent, marker, info), rest: block.raw.slice(first.length) }
}

/**
 * @param {Token} block
 * @returns {boolean} whether it is code between fences of which the second is missing
 */
export function isOpenFence({ type, codeBlockStyle, raw }) {
  if (type !== "code" || codeBlockStyle === "indented") return false
  const marker = BEGIN.exec(raw)?.[2] ?? ""
  const end = raw.trimEnd().lastIndexOf("\n")
  return end < 0 || !closes(raw.trimEnd().slice(end + 1), marker)
}

/**
 * @param {Token} block of code between fences
 * @returns {{ info: string, text: string }} what stands behind the first fence, and the code
 */
export function fencedCode(block) {
  const [first = "", indent = "", marker = "", info = ""] = BEGIN.exec(block.raw) ?? []
  const lines = block.raw.slice(first.length).match(/[^\n]*\n|[^\n]+$/g) ?? []
  const last = lines.findLastIndex((line) => line.trim())
  const code = last >= 0 && closes(lines[last] ?? "", marker) ? lines.slice(0, last) : lines
  return { info, text: code.map((line) => line.replace(indentOf(indent), "")).join("") }
}

/**
 * @param {string} line
 * @param {string} marker of the first fence
 */
function closes(line, marker) {
  const [, mark = ""] = /^ {0,3}(`+|~+) *\n?$/.exec(line) ?? []
  return mark.startsWith(marker)
}

/** @param {string} indent of the first fence, as much of which the lines lose */
function indentOf(indent) {
  return new RegExp(`^ {0,${indent.length}}`)
}
