/** Make shown nodes like new ones and leaves alone what did not change, such as a selection in it. */

/**
 * @param {ParentNode & Node} parent
 * @param {ChildNode[]} shown children of `parent`, its last ones
 * @param {Node[]} wanted
 * @returns {ChildNode[]} the children now in place of `shown`
 */
export function patch(parent, shown, wanted) {
  const kept = wanted.map((node, at) => placed(parent, shown[at], node))
  for (const extra of shown.slice(wanted.length)) extra.remove()
  return /** @type {ChildNode[]} */ (kept)
}

/**
 * @param {ParentNode & Node} parent
 * @param {ChildNode | undefined} old
 * @param {Node} wanted
 */
function placed(parent, old, wanted) {
  if (!old) return parent.appendChild(wanted)
  if (old instanceof Text && wanted instanceof Text) return retyped(old, wanted)
  if (old instanceof Element && wanted instanceof Element && sameShell(old, wanted)) {
    // A formula is typeset in place; its source is in its attributes, so it is the same one.
    if (!old.matches(".math")) patch(old, [...old.childNodes], [...wanted.childNodes])
    return old
  }
  old.replaceWith(wanted)
  return wanted
}

/**
 * @param {Element} one
 * @param {Element} other
 */
function sameShell(one, other) {
  return (
    one.nodeName === other.nodeName &&
    one.attributes.length === other.attributes.length &&
    [...other.attributes].every(({ name, value }) => one.getAttribute(name) === value)
  )
}

/**
 * @param {Text} old
 * @param {Text} wanted
 */
function retyped(old, wanted) {
  if (!wanted.data.startsWith(old.data)) old.data = wanted.data
  else if (wanted.data.length > old.data.length) old.appendData(wanted.data.slice(old.data.length))
  return old
}
