/** Part a paragraph that never ends, since the whole of it is laid out again with each word. */

/** @import { Token } from "./grammar.js" */

const MAX_WHOLE = 4_000
/** As much stays open as markup may need to be closed. */
const KEPT_OPEN = 800
/** A blank before a plain word: what follows cannot be taken for markup. */
const PLACE_TO_PART = /\s(?=\p{L})/gu
/** A mark that opens something, or a pair of brackets, which opens nothing. */
const OPENER = /\[[^[\]]*\]|(?<![\p{L}\p{N}])_(?=[^\s_])|[*~](?=[^\s*~])|[`[]|<(?=[a-z!?/])|\$(?=\S)/giu
const FORMULA_OPENERS = new Set(["\\(", "\\["])

/**
 * @param {Token} block
 * @returns {number} how much of the block's source to complete by itself, or 0 to leave it whole
 */
export function partingPlace(block) {
  if (block.type !== "paragraph" || block.raw.length < MAX_WHOLE) return 0
  let passed = 0
  let place = 0
  for (const { type, raw } of block.tokens ?? []) {
    if (type === "escape" && FORMULA_OPENERS.has(raw)) break
    const opener = type === "text" ? openerIn(raw) : -1
    const limit = Math.min(MAX_WHOLE - KEPT_OPEN - passed, opener < 0 ? raw.length : opener)
    if (type === "text") place = lastBefore(raw, limit, passed) || place
    // What it opens may be closed behind any place after it.
    if (opener >= 0) break
    passed += raw.length
  }
  return place
}

/** @param {string} text @returns {number} where it has a mark that opens something, or -1 */
function openerIn(text) {
  for (const { 0: mark, index } of text.matchAll(OPENER)) if (mark.length < 2 || !mark.startsWith("[")) return index
  return -1
}

/**
 * @param {string} text
 * @param {number} limit
 * @param {number} offset of the text in the block
 * @returns {number} the last place in the text, within the limit, or 0
 */
function lastBefore(text, limit, offset) {
  let place = 0
  for (const found of text.matchAll(PLACE_TO_PART)) {
    if (found.index + 1 > limit) break
    place = offset + found.index + 1
  }
  return place
}
