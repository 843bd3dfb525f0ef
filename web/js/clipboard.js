/** Copy text. */

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether it worked
 */
export async function copyText(text) {
  if (!navigator.clipboard) return copyBySelection(text)
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch (error) {
    // The browser refuses when the page has no focus or no permission.
    if (error instanceof DOMException) return copyBySelection(text)
    throw error
  }
}

/** Plain http pages have no clipboard but this. @param {string} text */
function copyBySelection(text) {
  const before = document.activeElement
  const box = document.createElement("textarea")
  box.className = "visually-hidden"
  box.value = text
  document.body.append(box)
  box.select()
  const done = document.execCommand("copy")
  box.remove()
  if (before instanceof HTMLElement) before.focus()
  return done
}
