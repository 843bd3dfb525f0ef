/** @import { Variable } from "../api.js" */

import * as api from "../api.js"
import { h } from "../nodes.js"
import { Sheet } from "./sheet.js"
import { table, valueNode } from "./table.js"

const WORDS =
  "The variables that `#--param` lines can name. What the login gave wins over the environment, then packages/.env, then .env. Secrets are masked."

/** The project's variables, and which layer gave each its value. */
export class VariableTable extends Sheet {
  constructor() {
    super("Variables", WORDS, api.variables, variableTable)
  }
}

/** @param {Variable[]} variables */
function variableTable(variables) {
  const columns = /** @type {[string, string][]} */ ([["Name", "name"], ["Value", "value"], ["Set in", "value"], ["Used by", "origin"]])
  const rows = variables.map(({ name, value, source, overruled, used_by }) => [
    name,
    source ? valueNode(value) : h("span", { class: "tag", "data-look": "warn" }, "not set"),
    h("span", {}, source, overruled.length > 0 && h("span", { class: "note" }, ` over ${overruled.join(", ")}`)),
    used_by.join(", "),
  ])
  return table("Variables", columns, rows)
}
