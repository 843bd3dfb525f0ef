/** @import { Action } from "../api.js" */

import { clock } from "../format.js"
import { h } from "../nodes.js"
import { Sheet } from "./sheet.js"
import { table } from "./table.js"
import * as api from "../api.js"

const WORDS = "The actions that are deployed now. A web action has its own address; the others are called with the API key."

/** The deployed actions and their addresses. */
export class ActionTable extends Sheet {
  constructor() {
    super("Actions", WORDS, api.actions, actionTable)
  }
}

/** @param {Action[]} actions */
function actionTable(actions) {
  if (!actions.length) return h("p", { class: "note" }, "Nothing is deployed: there is no action in packages/.")
  const columns = /** @type {[string, string][]} */ ([["Action", "name"], ["Addresses", "value"], ["Version", "number"], ["Deployed", "number"]])
  const rows = actions.map((action) => [
    action.path,
    h("div", {}, ...addresses(action).map(([what, url]) => h("p", {}, h("span", { class: "note" }, `${what} `), h("code", {}, url)))),
    action.version,
    clock(action.updated),
  ])
  return table("Actions", columns, rows)
}

/** @param {Action} action @returns {[string, string][]} */
function addresses(action) {
  /** @type {[string, string | null][]} */
  const all = [
    ["web", action.web],
    ["stream", action.canStream ? action.stream : null],
    ["with key", action.web ? null : action.rest],
  ]
  return /** @type {[string, string][]} */ (all.filter(([, url]) => url))
}
