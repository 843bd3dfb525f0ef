/** How long a reply took, for the figures under it. */

/** @import { Figures, Message } from "./state.js" */

/** A rough measure of a token, used only where the action gives no figures. */
const CHARACTERS_PER_TOKEN = 4
/** What came within less came in one piece, and tells nothing of the pace. */
const MIN_PACE_S = 0.2

export class Measure {
  #began = performance.now()
  #firstTextAt = 0
  #answerAt = 0
  #length = 0
  #lastReadAt = performance.now()

  /** Something arrived. */
  read() {
    this.#lastReadAt = performance.now()
  }

  get silenceMs() {
    return performance.now() - this.#lastReadAt
  }

  /**
   * Text is about to be added to a message.
   *
   * @param {Message} message
   * @param {string} thinking
   * @param {string} text
   */
  grow(message, thinking, text) {
    const now = performance.now()
    this.#firstTextAt ||= now
    if (text && !this.#answerAt) {
      this.#answerAt = now
      if (message.thinking) message.thinkingMs = now - this.#firstTextAt
    }
    this.#length += thinking.length + text.length
  }

  /**
   * What looked like the answer was reasoning.
   *
   * @param {Message} message
   */
  retract(message) {
    message.thinkingMs = performance.now() - this.#firstTextAt
    this.#answerAt = 0
  }

  /**
   * @param {Record<string, unknown> | null} given by the action
   * @param {boolean} streamed
   * @returns {Figures | null} those of the action; what it does not tell is measured here
   */
  figures(given, streamed) {
    if (!given && (!this.#firstTextAt || !streamed)) return null
    const { model, tokens, first_token_ms, tokens_per_s, tokens_per_s_is_measured, done_reason, provider, asked } = given ?? {}
    const seconds = (this.#lastReadAt - this.#firstTextAt) / 1000
    const counted = Number(tokens) || Math.round(this.#length / CHARACTERS_PER_TOKEN)
    return {
      model: typeof model === "string" ? model : "",
      tokens: counted,
      firstTokenMs: Number(first_token_ms) || (this.#firstTextAt && this.#firstTextAt - this.#began),
      tokensPerSecond: Number(tokens_per_s) || (this.#firstTextAt && seconds > MIN_PACE_S ? counted / seconds : 0),
      measured: !Number(tokens_per_s) || tokens_per_s_is_measured === true,
      cut: done_reason === "length" || done_reason === "cut",
      provider: typeof provider === "string" ? provider : "",
      insteadOf: Array.isArray(asked) ? asked.map((each) => String(each?.provider)) : [],
    }
  }
}
