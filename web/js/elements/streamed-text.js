/** Text that arrives in pieces and is put into the page a slice at a time. */

/** @import { MarkdownView } from "../markdown/view.js" */

/** So much at once takes a few milliseconds to show. */
const SLICE_CHARS = 2_000

/** @type {typeof MarkdownView | null} */
let Markdown = null

/**
 * Fetch what shows Markdown. Until then, and without it, text is shown as it was written.
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
  /** What has been shown so far, as it was written. */
  #shown = ""
  /** It is shown as it was written, to be formatted once that is possible. */
  #isPlain = false
  #ended = false
  /** How many characters it has been given. */
  length = 0

  /**
   * @param {HTMLElement} place to be emptied and filled
   * @param {boolean} isMarkdown
   */
  constructor(place, isMarkdown) {
    place.replaceChildren()
    place.classList.remove("plain")
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
    if (this.#isPlain && this.#isMarkdown && Markdown) this.#beginAgain()
    do {
      this.#write(this.#waiting.slice(0, SLICE_CHARS))
      this.#waiting = this.#waiting.slice(SLICE_CHARS)
    } while (this.#waiting && performance.now() < until)
    if (this.#ended && !this.#waiting) this.#draw((view) => view.end())
    return this.#waiting !== ""
  }

  /** Nothing follows. */
  end() {
    this.#ended = true
    this.#draw((view) => view.end())
  }

  #beginAgain() {
    this.#place.replaceChildren()
    this.#place.classList.remove("plain")
    this.#waiting = this.#shown + this.#waiting
    this.#shown = ""
    this.#isPlain = false
  }

  /** @param {string} text */
  #write(text) {
    if (!text) return
    this.#shown += text
    if (this.#isMarkdown && Markdown) {
      this.#view ??= new Markdown(this.#place)
      this.#draw((view) => view.write(text))
    } else this.#writePlain(text)
  }

  /** @param {string} text */
  #writePlain(text) {
    this.#isPlain = true
    this.#place.append(text)
    this.#place.classList.add("plain")
  }

  /**
   * A text that cannot be drawn must not take the others with it: it is shown as it was written.
   *
   * @param {(view: MarkdownView) => void} draw
   */
  #draw(draw) {
    try {
      if (this.#view) draw(this.#view)
    } catch (error) {
      reportError(error)
      this.#view = null
      this.#isMarkdown = false
      this.#place.replaceChildren()
      this.#writePlain(this.#shown)
    }
  }
}
