/** Wire the page; the only top-level code. */

import { follow } from "./api.js"
import { ActionTable } from "./elements/action-table.js"
import { ActivationDetail } from "./elements/activation-detail.js"
import { ActivationList } from "./elements/activation-list.js"
import { NoticeList } from "./elements/notice-list.js"
import { Sheet } from "./elements/sheet.js"
import { VariableTable } from "./elements/variable-table.js"
import { routeOf } from "./route.js"
import { Store } from "./store.js"

customElements.define("activation-list", ActivationList)
customElements.define("activation-detail", ActivationDetail)
customElements.define("action-table", ActionTable)
customElements.define("variable-table", VariableTable)
customElements.define("notice-list", NoticeList)

const store = new Store()
const list = found(ActivationList, "activation-list")
const detail = found(ActivationDetail, "activation-detail")
const state = found(HTMLElement, "[data-state]")
const count = found(HTMLElement, "[data-count]")

/**
 * @template {HTMLElement} T
 * @param {new () => T} type
 * @param {string} selector
 * @returns {T}
 */
function found(type, selector) {
  const element = document.querySelector(selector)
  if (!(element instanceof type)) throw new Error(`no ${selector}`)
  return element
}

function show() {
  const { view, id } = routeOf(location.hash)
  for (const link of document.querySelectorAll("[data-view]")) {
    const isCurrent = link.getAttribute("data-view") === view
    isCurrent ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current")
  }
  for (const page of document.querySelectorAll("[data-page]")) {
    if (!(page instanceof HTMLElement)) continue
    page.hidden = page.getAttribute("data-page") !== view
    if (!page.hidden && page instanceof Sheet) page.open()
  }
  list.select(store, id)
  detail.select(store, id)
}

function showState() {
  const notices = store.problems.length + store.warnings.length
  count.hidden = notices === 0
  count.textContent = String(notices)
  const words = store.live === null ? "connecting" : store.live ? "live" : "not running"
  if (state.textContent !== words) state.textContent = words
  state.dataset.live = String(store.live)
}

list.wire(store)
detail.wire(store)
found(NoticeList, "notice-list").wire(store)
store.addEventListener("change", showState)
addEventListener("hashchange", show)
show()
follow((news) => store.add(news), (live) => store.setLive(live))
