/** The menu, where it lies over the chat: on small screens. */

import { part } from "../elements/parts.js"

export function followMenu() {
  part(document, "menu-button").addEventListener("click", openMenu)
  part(document, "scrim").addEventListener("click", closeMenu)
  document.querySelector(".sidebar")?.addEventListener("keydown", (event) => {
    if (/** @type {KeyboardEvent} */ (event).key !== "Escape" || !isOpen()) return
    event.preventDefault()
    closeMenu()
    part(document, "menu-button").focus()
  })
}

export function openMenu() {
  if (getComputedStyle(part(document, "menu-button")).display === "none") return
  show(true)
  part(document, "new").focus()
}

export function closeMenu() {
  show(false)
}

/** @param {boolean} open whether the menu lies over the chat, which then takes no focus */
function show(open) {
  document.body.dataset.menu = open ? "open" : "closed"
  part(document, "menu-button").setAttribute("aria-expanded", String(open))
  part(document, "room").inert = open
}

function isOpen() {
  return document.body.dataset.menu === "open"
}
