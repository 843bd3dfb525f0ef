/** The arrows under a message that was said more than once. */

import { t } from "../i18n.js"
import { part } from "./parts.js"

/**
 * Show how often a message was said, and which time is shown.
 *
 * @param {ParentNode} message
 * @param {number} at from 1
 * @param {number} of
 */
export function showVersion(message, at, of) {
  part(message, "versions").hidden = of < 2
  part(message, "version").textContent = t("version.place", { at, of })
  part(message, "earlier", HTMLButtonElement).disabled = at <= 1
  part(message, "later", HTMLButtonElement).disabled = at >= of
}

/**
 * @param {ParentNode} message
 * @param {number} step of a turn to this version, after which the same button has the focus if it can
 */
export function focusVersion(message, step) {
  const [wanted, other] = step < 0 ? ["earlier", "later"] : ["later", "earlier"]
  const button = part(message, wanted ?? "", HTMLButtonElement)
  ;(button.disabled ? part(message, other ?? "") : button).focus()
}
