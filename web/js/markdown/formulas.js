/**
 * Formulas in Markdown: `$$…$$` and `\[…\]` by themselves, `$…$`, `\(…\)` and the two others within a line.
 *
 * A formula that stands by itself holds neither its own mark nor a line that begins a heading or a block of code,
 * so that one mark too many cannot swallow what follows it.
 */

/** @import { Extension } from "../../vendor/marked/marked.esm.js" */

/** What is longer is not a formula, and would hold up the page. */
export const MAX_FORMULA = 4_000

const NOT_WITHIN = "\\n {0,3}(?:```|~~~|#{1,6}\\s)"
const DOLLARS = `\\$\\$(?!\\$)((?:(?!\\$\\$|${NOT_WITHIN})[^]){1,${MAX_FORMULA}}?)`
const BRACKETS = `\\\\\\[((?:(?!\\\\\\]|\\n {0,3}\\\\\\[|${NOT_WITHIN})[^]){1,${MAX_FORMULA}}?)`
const CLOSED = `(?:${DOLLARS}\\$\\$|${BRACKETS}\\\\\\])[ \\t]*`
/** Begun, and so far nothing tells that it is not one: it ends with the text. */
const BEGUN = `(?:${DOLLARS}?\\$?|${BRACKETS}?\\\\?)`

const BLOCK = new RegExp(`^ {0,3}${CLOSED}(?:\\n|$)`)
const BLOCK_BEHIND = new RegExp(`\\n(?= {0,3}${CLOSED}(?:\\n|$))`)
const CERTAIN_BLOCK = new RegExp(`^ {0,3}${CLOSED}\\n`)
const OPEN_BLOCK = new RegExp(`^ {0,3}(?:${BEGUN}|${CLOSED})$`)
const BLOCK_OR_OPEN_BEHIND = new RegExp(`\\n(?= {0,3}(?:${CLOSED}(?:\\n|$)|${BEGUN}$))`)

// As in other tools: a dollar that opens is not followed by a blank, and one that closes neither follows a
// blank nor stands before a letter or a digit. So "$5 and $10" is money, and "$HOME/bin:$PATH" are paths.
const INLINE = new RegExp(
  `^(?:\\$\\$([^$]{1,${MAX_FORMULA}}?)\\$\\$|\\\\\\[([^]{1,${MAX_FORMULA}}?)\\\\\\]|\\\\\\(([^]{1,${MAX_FORMULA}}?)\\\\\\)` +
    "|\\$(?![\\s$])((?:\\\\.|[^\\\\$\\n])*?[^\\s\\\\$])\\$(?![\\p{L}\\p{N}_]))",
  "u",
)
const INLINE_BEHIND = /\$|\\\(|\\\[/
const WORD = /[\p{L}\p{N}_]$/u

/** @type {Extension[]} */
export const FORMULAS = [
  {
    name: "math",
    level: "block",
    // marked ends a paragraph where `start` says, so a block must be found there.
    start(source) {
      const index = source.search(this.lexer.mayGoOn ? BLOCK_OR_OPEN_BEHIND : BLOCK_BEHIND)
      return index < 0 ? undefined : index + 1
    },
    tokenizer(source) {
      if (!this.lexer.mayGoOn) return block(BLOCK.exec(source), true)
      return block(CERTAIN_BLOCK.exec(source), true) ?? block(OPEN_BLOCK.exec(source), false)
    },
  },
  {
    name: "math",
    level: "inline",
    start(source) {
      const index = source.search(INLINE_BEHIND)
      return index < 0 ? undefined : index
    },
    tokenizer: (source, before) => inline(source, before.at(-1)?.raw ?? ""),
  },
]

/**
 * @param {string} source that begins a line
 * @returns {number} where the first formula that stands by itself interrupts the text before it, or -1
 */
export function formulaBehind(source) {
  return source.search(BLOCK_BEHIND)
}

/**
 * @param {RegExpExecArray | null} found
 * @param {boolean} certain
 */
function block(found, certain) {
  if (!found) return
  const raw = found[0]
  const inner = raw.trim().replace(/^(?:\$\$|\\\[)/, "").replace(/(?:\$\$?|\\\]?)$/, "")
  return { type: "math", raw, text: inner.trim(), display: true, certain }
}

/**
 * @param {string} source
 * @param {string} before what stands before it in the line
 */
function inline(source, before) {
  const found = INLINE.exec(source)
  if (!found) return
  const display = found[1] ?? found[2]
  if (source.startsWith("$") && display === undefined && WORD.test(before)) return
  return { type: "math", raw: found[0], text: display ?? found[3] ?? found[4] ?? "", display: display !== undefined }
}
