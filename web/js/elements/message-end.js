/** What stands under a reply: how it ended, what can be done about it, its figures. */

import { figuresLine } from "../figures.js"
import { t } from "../i18n.js"
import { isRunning } from "../store.js"
import { part } from "./parts.js"

/** @import { Message } from "../state.js" */

const CUT_SHORT = new Set(["stopped", "interrupted"])

/**
 * @param {ParentNode} root made from the template of a reply
 * @param {Message} message
 */
export function showEnd(root, message) {
  const { status, problem, figures, text, opening, lost } = message
  const words = sentence(message)
  part(root, "problem").textContent = words
  part(root, "problem").hidden = !words
  part(root, "detail").textContent = problem?.detail ?? ""
  part(root, "detail").hidden = !problem?.detail
  part(root, "end").hidden = isRunning(message) || (opening && status === "done")
  // What a failure took tells nothing of a model.
  part(root, "figures").textContent = figuresLine(text ? figures : null, lost)
  part(root, "copy").hidden = !text
  part(root, "again").hidden = status === "failed"
  part(root, "retry").hidden = status !== "failed"
  part(root, "go-on").hidden = !text || !(CUT_SHORT.has(status) || figures?.cut)
}

/** @param {Message} message */
function sentence({ status, problem, opening, text, data }) {
  if (problem) return t(`problem.${problem.key}`)
  if (CUT_SHORT.has(status)) return t(`end.${status}`)
  const isEmpty = status === "done" && !opening && !text && Object.keys(data).length === 0
  return isEmpty ? t("end.empty") : ""
}
