/** Entries of the menu, and lists of them that are drawn again. */

/**
 * @param {string} name
 * @param {boolean} current
 * @param {() => void} act
 * @param {string} key that stays the same when the list is drawn again
 */
export function entry(name, current, act, key) {
  const item = document.createElement("li")
  const button = document.createElement("button")
  button.type = "button"
  button.className = "sidebar__item"
  button.dir = "auto"
  button.textContent = name
  button.dataset.key = key
  if (current) button.setAttribute("aria-current", "true")
  button.addEventListener("click", act)
  item.append(button)
  return item
}

/**
 * @param {string} name
 * @param {string} address of a page that is not a chat
 */
export function pageEntry(name, address) {
  const item = document.createElement("li")
  const link = document.createElement("a")
  link.className = "sidebar__item"
  link.href = /^https?:/.test(address) ? address : `/${address.replace(/^\/+/, "")}`
  link.target = "_blank"
  link.rel = "noopener noreferrer"
  link.textContent = name
  item.append(link)
  return item
}

/**
 * Fill a list anew and give the focus back to the entry that had it.
 *
 * @param {Element} list
 * @param {Element[]} items
 */
export function keepingFocus(list, items) {
  const focused = document.activeElement
  const key = focused instanceof HTMLElement && list.contains(focused) ? focused.dataset.key : ""
  list.replaceChildren(...items)
  if (!key) return
  for (const button of list.querySelectorAll("button")) if (button.dataset.key === key) button.focus()
}
