/** What all dialogs have in common: each closes with Esc and gives the focus back. */

import { fromTemplate, part, wish } from "./parts.js"

/**
 * @param {string} template
 * @returns {HTMLDialogElement} open
 */
export function opened(template) {
  const dialog = document.createElement("dialog")
  dialog.className = "dialog"
  dialog.append(fromTemplate(template))
  const title = part(dialog, "dialog-title")
  dialog.setAttribute("aria-label", title.textContent ?? "")
  dialog.addEventListener("close", () => {
    dialog.remove()
    // It opened by itself, or what opened it is gone.
    if (document.activeElement === document.body) wish(document, "focus-composer", true)
  })
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close())
  for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close())
  document.body.append(dialog)
  dialog.showModal()
  // The focus in a box would call up the keyboard of a touch screen, which covers what is to be read.
  if (!matchMedia("(pointer: fine)").matches) focusTitle(title)
  return dialog
}

/** @param {HTMLElement} title */
function focusTitle(title) {
  title.tabIndex = -1
  title.focus()
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {(data: FormData) => void} act
 */
export function onSubmit(dialog, act) {
  const form = dialog.querySelector("form")
  form?.addEventListener("submit", (event) => {
    event.preventDefault()
    act(new FormData(form))
  })
}
