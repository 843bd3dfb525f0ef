/** A message of one's own, being written again in its place. */

import { t } from "../i18n.js"
import { isSending, writtenIn } from "./enter.js"
import { part, wish } from "./parts.js"

/** @import { ChatMessage } from "./chat-message.js" */

/**
 * @param {ChatMessage} message
 * @param {string} id
 */
export function editMessage(message, id) {
  const body = part(message, "body")
  if (message.querySelector("form")) return
  const form = document.createElement("form")
  form.className = "editor"
  const text = document.createElement("textarea")
  text.dir = "auto"
  text.value = message.source
  text.setAttribute("aria-label", t("message.edit"))
  const send = button("submit", t("message.edit-send"), "main")
  const cancel = button("button", t("dialog.cancel"), "plain")
  const row = document.createElement("div")
  row.className = "editor__buttons"
  row.append(cancel, send)
  form.append(text, row)
  const before = document.activeElement
  const close = () => {
    form.remove()
    body.hidden = false
    if (before instanceof HTMLElement) before.focus()
  }
  cancel.addEventListener("click", close)
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation()
      close()
    } else if (isSending(event)) {
      event.preventDefault()
      form.requestSubmit()
    }
  })
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const written = writtenIn(text)
    if (written) wish(message, "chat-edit", { id, text: written })
  })
  body.hidden = true
  body.after(form)
  text.focus()
}

/**
 * @param {"button" | "submit"} type
 * @param {string} words
 * @param {string} look
 */
function button(type, words, look) {
  const made = document.createElement("button")
  made.type = type
  made.className = "button"
  made.dataset.look = look
  made.textContent = words
  return made
}
