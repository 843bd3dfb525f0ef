/** Text that arrives in pieces and is put into the page a slice at a time. */

/** @import { MarkdownView } from "../markdown/view.js" */

/** So much at once takes a few milliseconds to show. */
const SLICE_CHARS = 2_000

/** @type {typeof MarkdownView | null} */
let Markdown = null

/** Fetches what shows Markdown; until then text waits. */
export async function loadMarkdown() {
  Markdown = (await import("../markdown/view.js")).MarkdownView
}

export class StreamedText {
  #place
  #isMarkdown
  /** @type {MarkdownView | null} */
  #view = null
  #waiting = ""
  /** How many characters it has been given. */
  length = 0

  /**
   * @param {HTMLElement} place to be emptied and filled
   * @param {boolean} isMarkdown
   */
  constructor(place, isMarkdown) {
    place.replaceChildren()
    this.#place = place
    this.#isMarkdown = isMarkdown
  }

  /** @param {string} text */
  add(text) {
    this.#waiting += text
    this.length += text.length
  }

  /**
   * @param {number} until as `performance.now()` tells time
   * @returns {boolean} whether more is waiting
   */
  flush(until) {
    if (this.#isMarkdown && !Markdown) return this.#waiting !== ""
    do {
      this.#write(this.#waiting.slice(0, SLICE_CHARS))
      this.#waiting = this.#waiting.slice(SLICE_CHARS)
    } while (this.#waiting && performance.now() < until)
    return this.#waiting !== ""
  }

  /** Nothing follows. */
  end() {
    this.#view?.end()
  }

  /** @param {string} text */
  #write(text) {
    if (!text) return
    if (!this.#isMarkdown || !Markdown) this.#place.append(text)
    else (this.#view ??= new Markdown(this.#place)).write(text)
  }
}
