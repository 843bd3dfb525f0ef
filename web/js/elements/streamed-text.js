/** Text that arrives in pieces and is put into the page a slice at a time. */

/** @import { MarkdownView } from "../markdown/view.js" */

/** So much at once takes a few milliseconds to show. */
const SLICE_CHARS = 2_000

/** @type {typeof MarkdownView | null} */
let Markdown = null

/**
 * Fetches what shows Markdown. Until then, and without it, text is shown as it was written.
 *
 * @returns {Promise<boolean>} whether it came
 */
export async function loadMarkdown() {
  try {
    Markdown = (await import("../markdown/view.js")).MarkdownView
  } catch (error) {
    // The network went away after the page came; a browser gives no second try at a module.
    if (!(error instanceof TypeError)) throw error
  }
  return Markdown !== null
}

export class StreamedText {
  #place
  #isMarkdown
  /** @type {MarkdownView | null} */
  #view = null
  #waiting = ""
  /** What was shown as it was written, to be formatted once that is possible. */
  #plain = ""
  #ended = false
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
    if (this.#plain && Markdown) this.#beginAgain()
    do {
      this.#write(this.#waiting.slice(0, SLICE_CHARS))
      this.#waiting = this.#waiting.slice(SLICE_CHARS)
    } while (this.#waiting && performance.now() < until)
    if (this.#ended && !this.#waiting) this.#view?.end()
    return this.#waiting !== ""
  }

  /** Nothing follows. */
  end() {
    this.#ended = true
    this.#view?.end()
  }

  #beginAgain() {
    this.#place.replaceChildren()
    this.#place.classList.remove("plain")
    this.#waiting = this.#plain + this.#waiting
    this.#plain = ""
  }

  /** @param {string} text */
  #write(text) {
    if (!text) return
    if (this.#isMarkdown && Markdown) {
      this.#view ??= new Markdown(this.#place)
      this.#view.write(text)
      return
    }
    this.#place.append(text)
    this.#place.classList.add("plain")
    if (this.#isMarkdown) this.#plain += text
  }
}
