/** Let a long list or table go on as another one that looks like the same. */

/**
 * @param {Element} parent a list, or the body of a table
 * @param {ChildNode[]} open its last children, which move
 * @param {Element} part where the other one goes
 * @returns {Element} the other list, or the body of the other table
 */
export function continued(parent, open, part) {
  const made = parent instanceof HTMLTableSectionElement ? nextTable(parent) : nextList(parent, open.length)
  part.append(made.whole)
  made.parent.append(...open)
  return made.parent
}

/**
 * @param {Element} list
 * @param {number} moving
 */
function nextList(list, moving) {
  const next = /** @type {Element} */ (list.cloneNode(false))
  next.className = "continued"
  if (list instanceof HTMLOListElement && next instanceof HTMLOListElement) {
    next.start = list.start + list.children.length - moving
  }
  return { whole: next, parent: next }
}

/**
 * The head is repeated, as in print, and the columns keep their widths.
 *
 * @param {HTMLTableSectionElement} body
 */
function nextTable(body) {
  const table = /** @type {HTMLTableElement} */ (body.parentElement)
  const frame = /** @type {Element} */ (table.parentElement)
  const next = document.createElement("table")
  const head = /** @type {HTMLTableSectionElement} */ (table.tHead?.cloneNode(true))
  const widths = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.getBoundingClientRect().width)
  for (const [at, cell] of [...(head.rows[0]?.cells ?? [])].entries()) cell.style.inlineSize = `${widths[at]}px`
  const parent = document.createElement("tbody")
  next.append(head, parent)
  const whole = /** @type {Element} */ (frame.cloneNode(false))
  whole.append(next)
  return { whole, parent }
}
