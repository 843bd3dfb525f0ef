/** What is known of the server. Elements render from it and listen to its `change`. */

/** @import { Activation, News, Warning } from "./api.js" */

const MAX_KEPT = 200

export class Store extends EventTarget {
  /** @type {Map<string, Activation>} */
  activations = new Map()
  /** @type {string[]} */
  problems = []
  /** @type {Warning[]} */
  warnings = []
  /** @type {boolean | null} null before the first answer */
  live = null

  /** @returns {Activation[]} the newest first */
  get newestFirst() {
    return [...this.activations.values()].sort((one, other) => other.start - one.start)
  }

  /** @param {News} news */
  add(news) {
    for (const each of news.activations ?? []) this.activations.set(each.id, each)
    for (const each of this.newestFirst.slice(MAX_KEPT)) this.activations.delete(each.id)
    this.problems = news.problems ?? this.problems
    this.warnings = news.warnings ?? this.warnings
    this.dispatchEvent(new Event("change"))
  }

  /** @param {boolean} live */
  setLive(live) {
    // A server that was started again remembers nothing of before.
    if (live && this.live === false) this.activations.clear()
    this.live = live
    this.dispatchEvent(new Event("change"))
  }
}
