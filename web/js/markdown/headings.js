/**
 * Levels of the headings of a reply. Whatever mark a model begins with, the first heading is one below
 * that of its message, and none skips a level: people move by them.
 */

import { FIRST_LEVEL } from "./nodes.js"

/** @import { Token } from "./grammar.js" */

export class Headings {
  #firstDepth = 0
  #last = FIRST_LEVEL - 1

  /**
   * @param {Token[]} blocks in order
   * @param {number} complete how many of them are complete
   * @returns {Token[]} the same with levels
   */
  levelled(blocks, complete) {
    let last = this.#last
    return blocks.map((block, at) => {
      if (block.type !== "heading" || !block.text.trim()) return block
      const depth = block.depth ?? 1
      const level = Math.min(FIRST_LEVEL + Math.max(0, depth - (this.#firstDepth || depth)), last + 1)
      last = level
      if (at < complete) {
        this.#firstDepth ||= depth
        this.#last = level
      }
      return { ...block, level }
    })
  }
}
