/** What an answer held besides text: a form, options, the display area. */

import { ChatDisplay } from "./chat-display.js"
import { ChatForm } from "./chat-form.js"
import { wish } from "./parts.js"

/** @import { Field } from "../answer.js" */

/**
 * @param {Field[]} fields
 * @param {string[]} options
 * @param {Record<string, unknown>} exhibit
 * @returns {Node[]}
 */
export function dataNodes(fields, options, exhibit) {
  return [
    ...(Object.keys(exhibit).length > 0 ? [new ChatDisplay(exhibit)] : []),
    ...(options.length > 0 ? [optionButtons(options)] : []),
    ...(fields.length > 0 ? [new ChatForm(fields)] : []),
  ]
}

/** @param {string[]} options */
function optionButtons(options) {
  const row = document.createElement("div")
  row.className = "options"
  for (const option of options) {
    const button = document.createElement("button")
    button.type = "button"
    button.className = "button"
    button.textContent = option
    button.addEventListener("click", () => wish(button, "chat-send", { input: option }))
    row.append(button)
  }
  return row
}
