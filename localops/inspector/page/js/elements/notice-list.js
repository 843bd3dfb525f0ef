/** @import { Store } from "../store.js" */

import { h, prose, refresh } from "../nodes.js"
import { linkTo } from "../route.js"

/** What a person should know: what cannot be deployed, and which streams production would not carry. */
export class NoticeList extends HTMLElement {
  /** @param {Store} store */
  wire(store) {
    store.addEventListener("change", () => this.#render(store))
    this.#render(store)
  }

  /** @param {Store} store */
  #render({ problems, warnings }) {
    refresh(this, [problems, warnings], () => {
      if (!problems.length && !warnings.length) {
        return [h("h2", { class: "sheet__title" }, "Notices"), h("p", { class: "note" }, "All is well: everything is deployed, and no stream broke a rule of production.")]
      }
      return [
        problems.length > 0 && h("h2", { class: "sheet__title" }, "Not deployed, or not able to run"),
        ...problems.map((text) => h("p", { class: "detail__warning" }, ...prose(text))),
        warnings.length > 0 && h("h2", { class: "sheet__title" }, "Streams that production would not carry"),
        ...warnings.map(({ text, activation }) =>
          h("p", { class: "detail__warning" }, ...prose(text), " ", h("a", { href: linkTo(activation) }, "Look at it")),
        ),
      ]
    })
  }
}
