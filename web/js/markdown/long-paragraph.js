/** Parts a paragraph that never ends, since the whole of it is laid out again with each word. */

/** @import { Token } from "./grammar.js" */

const LONGEST = 4_000
/** As much stays open as markup may need to be closed. */
const KEPT_OPEN = 800
/** A blank before a plain word: what follows cannot be taken for markup. */
const PLACE_TO_PART = /\s(?=\p{L})/gu

/**
 * @param {Token} block
 * @returns {number} how much of the block's source to complete by itself, or 0 to leave it whole
 */
export function partingPlace(block) {
  if (block.type !== "paragraph" || block.raw.length < LONGEST) return 0
  let passed = 0
  let place = 0
  for (const token of block.tokens ?? []) {
    const size = token.raw.length
    if (token.type === "text") place = lastBefore(token.raw, block.raw.length - KEPT_OPEN - passed, passed) || place
    passed += size
  }
  return place
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
