/**
 * Markdown text to tokens: marked's lexer, with math added. Nothing here makes HTML.
 */

import { Marked } from "../../vendor/marked/marked.esm.js"

/**
 * What marked's lexer gives, as far as it is used here. `level` of a heading is added by `headings.js`.
 *
 * @typedef {{
 *   type: string,
 *   raw: string,
 *   text: string,
 *   tokens?: Token[],
 *   depth?: number,
 *   level?: number,
 *   lang?: string,
 *   href?: string,
 *   title?: string | null,
 *   ordered?: boolean,
 *   start?: number | "",
 *   loose?: boolean,
 *   task?: boolean,
 *   checked?: boolean,
 *   items?: Token[],
 *   header?: Cell[],
 *   rows?: Cell[][],
 *   block?: boolean,
 *   display?: boolean,
 * }} Token
 * @typedef {{ text: string, tokens: Token[], align: "left" | "center" | "right" | null }} Cell
 */

const BLOCK_MATH = /^ {0,3}(?:\$\$([\s\S]{1,4000}?)\$\$|\\\[([\s\S]{1,4000}?)\\\])[ \t]*(?:\n|$)/
const BLOCK_MATH_BEHIND = /\n(?= {0,3}(?:\$\$[\s\S]{1,4000}?\$\$|\\\[[\s\S]{1,4000}?\\\])[ \t]*(?:\n|$))/
// As in other tools: a dollar that opens is not followed by a blank, and one that closes neither follows a
// blank nor stands before a digit. So "$5 and $10" is money.
const INLINE_MATH =
  /^(?:\$\$([^$]+?)\$\$|\\\[([\s\S]+?)\\\]|\\\(([\s\S]+?)\\\)|\$(?![\s$])((?:\\.|[^\\$\n])*?[^\s\\$])\$(?!\d))/
const INLINE_MATH_BEHIND = /\$|\\\(|\\\[/

const marked = new Marked({
  gfm: true,
  breaks: false,
  extensions: [
    // marked ends a paragraph where `start` says, so for a block that must be certain.
    { name: "math", level: "block", start: (source) => after(source, BLOCK_MATH_BEHIND), tokenizer: blockMath },
    { name: "math", level: "inline", start: (source) => at(source, INLINE_MATH_BEHIND), tokenizer: inlineMath },
  ],
})

/**
 * @param {string} source
 * @returns {Token[]} blocks; the `raw` of all of them together is the source
 */
export function blocksOf(source) {
  return /** @type {Token[]} */ (marked.lexer(source))
}

/** @param {string} source */
function blockMath(source) {
  const found = BLOCK_MATH.exec(source)
  if (found) return { type: "math", raw: found[0], text: (found[1] ?? found[2] ?? "").trim(), display: true }
}

/** @param {string} source */
function inlineMath(source) {
  const found = INLINE_MATH.exec(source)
  if (!found) return
  const display = found[1] ?? found[2]
  return { type: "math", raw: found[0], text: display ?? found[3] ?? found[4] ?? "", display: display !== undefined }
}

/**
 * @param {string} source
 * @param {RegExp} pattern
 */
function at(source, pattern) {
  const index = source.search(pattern)
  return index < 0 ? undefined : index
}

/**
 * @param {string} source
 * @param {RegExp} newline
 */
function after(source, newline) {
  const index = at(source, newline)
  return index === undefined ? undefined : index + 1
}
