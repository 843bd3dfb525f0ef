/** @import { Child } from "../nodes.js" */

import { ApiError } from "../api.js"
import { h, prose, refresh } from "../nodes.js"

/** A view that is asked for when it is opened. */
export class Sheet extends HTMLElement {
  #body = h("div", {})

  /**
   * @param {string} heading
   * @param {string} words a line below it
   * @param {() => Promise<any>} ask
   * @param {(data: any) => Child} content of what `ask` gives
   */
  constructor(heading, words, ask, content) {
    super()
    this.heading = heading
    this.words = words
    this.ask = ask
    this.content = content
  }

  /** Show the state of now. */
  async open() {
    if (!this.#body.isConnected) {
      this.append(h("h2", { class: "sheet__title" }, this.heading), h("p", { class: "note" }, ...prose(this.words)), this.#body)
    }
    try {
      const data = await this.ask()
      refresh(this.#body, data, () => [this.content(data)])
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const words = error.message
      refresh(this.#body, words, () => [h("p", { class: "note", role: "alert" }, words)])
    }
  }
}
