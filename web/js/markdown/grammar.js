/**
 * Markdown text to tokens: marked's lexer, with formulas added and with bounds. Nothing here makes HTML.
 *
 * marked knows the grammar of a whole text. For a text that is still arriving there are two further readings:
 * `outlineOf` tells which blocks nothing that follows can change, and `openBlocksOf` what to show of the rest.
 */

import { Lexer, Marked, Tokenizer } from "../../vendor/marked/marked.esm.js"
import { isOpenFence } from "./fence.js"
import { FORMULAS, formulaBehind } from "./formulas.js"
import { closed, withoutUndecidedLine } from "./mend.js"

/**
 * What marked's lexer gives, as far as it is used here. `level` of a heading is added by `headings.js`; a formula
 * that is not `certain` may still turn out to be text.
 *
 * @typedef {{
 *   type: string,
 *   raw: string,
 *   text: string,
 *   tokens?: Token[],
 *   depth?: number,
 *   level?: number,
 *   codeBlockStyle?: "indented",
 *   href?: string,
 *   title?: string | null,
 *   autolink?: boolean,
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
 *   certain?: boolean,
 * }} Token
 * @typedef {{ text: string, tokens: Token[], align: "left" | "center" | "right" | null }} Cell
 *
 * Where references lead to, by their label as `labelOf` makes it.
 *
 * @typedef {Record<string, { href: string, title: string | null }>} Links
 *
 * The links that are known, and the labels among them that are new since somebody looked.
 *
 * @typedef {{ links: Links, fresh: string[] }} Known
 */

/** What may be a mark. Each is compared with what follows it, so many of them in a long paragraph are text. */
const MARK = /[*_~`[\]!\\<$@]/g
const MAX_COMPARED = 8_000_000
/** Lists, quotes and marks within one another: what is nested deeper is text, for the sake of every stack. */
const MAX_DEPTH = 32

/**
 * How the source ends: with the text, with a line of a text that may go on, or within a line of one.
 *
 * @typedef {"end" | "line" | "cut"} Ending
 */

class BoundedLexer extends Lexer {
  #depth = 0
  #ending
  #fresh

  /**
   * @param {Known} known to which the links that are found here are added
   * @param {Ending} ending
   */
  constructor({ links, fresh }, ending) {
    super(options)
    this.tokens.links = links
    this.#fresh = fresh
    this.#ending = ending
  }

  /** @param {string} label that a definition names */
  define(label) {
    if (!Object.hasOwn(this.tokens.links, label)) this.#fresh.push(label)
  }

  get mayGoOn() {
    return this.#ending !== "end"
  }

  get isCut() {
    return this.#ending === "cut"
  }

  /** The blocks, without what stands in their lines. @param {string} source @returns {Token[]} */
  outline(source) {
    return this.blockTokens(source, this.tokens)
  }

  /** Read what stands in the lines of the outline. */
  fill() {
    for (let at = 0; at < this.inlineQueue.length; at++) {
      const { src, tokens } = /** @type {{ src: string, tokens: Token[] }} */ (this.inlineQueue[at])
      this.state.inRawBlock = false
      if (isDense(src)) tokens.push(asText(src))
      else this.inlineTokens(src, tokens)
    }
  }

  /**
   * @override
   * @param {string} source
   * @param {Token[]} [tokens]
   * @param {boolean} [clipped]
   */
  blockTokens(source, tokens = [], clipped = false) {
    if (this.#depth === MAX_DEPTH) {
      tokens.push({ type: "paragraph", raw: source, text: source, tokens: [asText(source)] })
      return tokens
    }
    return this.#deeper(() => super.blockTokens(source, tokens, clipped))
  }

  /**
   * @override
   * @param {string} source
   * @param {Token[]} [tokens]
   */
  inlineTokens(source, tokens = []) {
    if (this.#depth === MAX_DEPTH) {
      tokens.push(asText(source))
      return tokens
    }
    return this.#deeper(() => super.inlineTokens(source, tokens))
  }

  /** @param {() => Token[]} read */
  #deeper(read) {
    this.#depth++
    try {
      return read()
    } finally {
      this.#depth--
    }
  }
}

const ITEM_WITH_TAB = /\n {0,3}(?:[*+-]|1[.)])[ \t]*\t[ \t]*[^ \t\n]/

class StrictTokenizer extends Tokenizer {
  /**
   * A definition takes whole lines that are there; its title, if it has one, is on one of them. One with a caret is
   * a footnote, which is shown as it is written.
   *
   * @override
   * @param {string} source
   */
  def(source) {
    const lexer = /** @type {BoundedLexer} */ (this.lexer)
    const found = wholeLines(source, (lines) => super.def(lines))
    if (!found || found.tag.startsWith("^")) return
    if (lexer.isCut && found.raw.length === source.length) return
    lexer.define(found.tag)
    return found
  }

  /**
   * A heading over its underline goes no further than its paragraph would, also where a formula or an item with a
   * tab ends that.
   *
   * @override
   * @param {string} source
   */
  lheading(source) {
    const found = super.lheading(source)
    if (!found) return
    const text = found.raw.slice(0, found.raw.trimEnd().lastIndexOf("\n"))
    return ITEM_WITH_TAB.test(text) || formulaBehind(`${text}\n`) >= 0 ? undefined : found
  }

  /**
   * marked takes rare blanks, such as one that does not break, off the end of a list; there they would begin a
   * paragraph.
   *
   * @override
   * @param {string} source
   */
  list(source) {
    const found = super.list(source)
    if (found) found.raw += /^[^\S\n]*[^\S \t\n][^\S\n]*/.exec(source.slice(found.raw.length))?.[0] ?? ""
    return found
  }
}

const { defaults } = new Marked({ gfm: true, breaks: false, extensions: FORMULAS })
const options = { ...defaults, tokenizer: new StrictTokenizer() }

/**
 * @param {string} source whole
 * @param {Known} [known] from elsewhere
 * @returns {Token[]} blocks; the `raw` of all of them together is the source
 */
export function blocksOf(source, known = { links: noLinks(), fresh: [] }) {
  const lexer = new BoundedLexer(known, "end")
  const blocks = lexer.outline(source)
  lexer.fill()
  return blocks
}

/**
 * @param {string} source lines of a text that may go on
 * @param {Known} known
 * @returns {Token[]} blocks, all but the last of which no further line changes, without what stands in their lines
 */
export function outlineOf(source, known) {
  return new BoundedLexer(known, "line").outline(source)
}

/**
 * @param {string} source the end of a text that may go on
 * @param {Known} known
 * @returns {Token[]} what to show of it: without what is undecided, and with closed what is open
 */
export function openBlocksOf(source, known) {
  const ending = source.endsWith("\n") ? "line" : "cut"
  const { lexer, blocks } = openOutline(source, known, ending)
  const leaf = lastLeaf(blocks)
  const entry = leaf && lexer.inlineQueue.find(({ tokens }) => tokens === leaf)
  if (entry && !isDense(entry.src)) entry.src = closed(entry.src)
  lexer.fill()
  // A link to half an address leads to somebody else.
  if (leaf && ending === "cut") unlinkEnd(leaf)
  return blocks
}

/** @returns {Links} */
export function noLinks() {
  return Object.create(null)
}

/**
 * @param {string} source
 * @param {Known} known
 * @param {Ending} ending
 */
function openOutline(source, known, ending) {
  const decided = withoutUndecidedLine(source)
  const lexer = new BoundedLexer(known, ending)
  const blocks = lexer.outline(decided)
  // In code every line is what it is.
  if (decided === source || !endsInFence(blocks)) return { lexer, blocks }
  const again = new BoundedLexer(known, ending)
  return { lexer: again, blocks: again.outline(source) }
}

/** @param {Token[]} blocks @returns {boolean} */
function endsInFence(blocks) {
  const last = blocks.at(-1)
  if (last?.type === "code") return isOpenFence(last)
  return last ? endsInFence(childrenOf(last)) : false
}

/**
 * @param {Token[]} blocks
 * @returns {Token[] | undefined} where the text that the source ends with goes to, unless it ends with none
 */
function lastLeaf(blocks) {
  const last = blocks.at(-1)
  if (last?.type === "table") return lastCell(last)?.tokens
  if (last && LEAVES.has(last.type)) return last.tokens
  return last ? lastLeaf(childrenOf(last)) : undefined
}

const LEAVES = new Set(["paragraph", "heading", "text"])

/** @param {Token} block */
function childrenOf({ type, items, tokens }) {
  if (type === "list") return items?.at(-1)?.tokens ?? []
  return type === "blockquote" ? (tokens ?? []) : []
}

/** @param {Token} table */
function lastCell({ header, rows }) {
  return (rows?.at(-1) ?? header)?.findLast(({ text }) => text)
}

/** @param {Token[]} line */
function unlinkEnd(line) {
  const last = line.at(-1)
  if (!last) return
  if (last.type === "link" && last.autolink && !last.raw.startsWith("<")) line[line.length - 1] = asText(last.raw)
  else if (last.tokens && last.type !== "link") unlinkEnd(last.tokens)
}

/** @param {string} text of a paragraph, heading or cell */
function isDense(text) {
  return (text.match(MARK)?.length ?? 0) * text.length > MAX_COMPARED
}

/** @param {string} text @returns {Token} */
function asText(text) {
  return { type: "text", raw: text, text }
}

/**
 * @template {{ raw: string, title?: string | null }} T
 * @param {string} source
 * @param {(source: string) => T | undefined} read
 * @returns {T | undefined} what is read, if need be without a title that goes over lines
 */
function wholeLines(source, read) {
  const found = read(source)
  const title = found?.title ?? ""
  if (!found || !title.includes("\n")) return found
  const before = found.raw.slice(0, Math.max(found.raw.lastIndexOf(title.slice(0, title.indexOf("\n"))) - 1, 0))
  return /\n[ \t]*$/.test(before) ? read(before) : undefined
}
