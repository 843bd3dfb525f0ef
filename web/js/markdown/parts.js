/**
 * A long reply in parts, so that the browser neither lays out nor paints again what is out of sight.
 *
 * A part that is full is left to the browser to skip (`content-visibility`), but only once it has been laid
 * out: then its height is known, and skipping it moves nothing.
 */

const FULL_CHARS = 3_000

export class Parts {
  #root
  #chars = 0
  last

  /** @param {Element} root */
  constructor(root) {
    this.#root = root
    this.last = this.#add()
  }

  /**
   * @param {number} chars that are now complete in the last part
   * @param {ChildNode[]} open nodes that are not; they go to a new part when this one is full
   * @returns {boolean} whether a new part has begun
   */
  filled(chars, open) {
    this.#chars += chars
    if (this.#chars < FULL_CHARS) return false
    settle(this.last)
    this.#chars = 0
    this.last = this.#add()
    this.last.append(...open)
    return true
  }

  #add() {
    const part = document.createElement("div")
    part.className = "prose__part"
    this.#root.append(part)
    return part
  }
}

/**
 * @param {HTMLElement} part
 */
export function settle(part) {
  requestAnimationFrame(() => requestAnimationFrame(() => (part.dataset.settled = "")))
}
