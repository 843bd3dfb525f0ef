/** Build nodes; text is only ever text. */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined>} attributes null, undefined and false leave one out
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  return /** @type {HTMLElement} */ (furnished(document.createElement(tag), attributes, children))
}

/**
 * The same for what is drawn.
 *
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined>} attributes
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag)
  return /** @type {SVGElement} */ (furnished(element, attributes, children))
}

/**
 * @param {Element} element
 * @param {Record<string, string | number | boolean | null | undefined>} attributes
 * @param {Child[]} children
 */
function furnished(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value))
  }
  element.append(...children.filter((child) => child instanceof Node || typeof child === "string"))
  return element
}

/**
 * A sentence, in which backticks mark what is typed.
 *
 * @param {string} text
 * @returns {Child[]}
 */
export function prose(text) {
  return text.split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part))
}

/**
 * Put new content into a part only when it differs, so that scrolling, selection and focus stay.
 *
 * @param {HTMLElement} part
 * @param {unknown} data what the content is made of
 * @param {() => Child[]} content
 */
export function refresh(part, data, content) {
  const key = JSON.stringify(data) ?? ""
  if (shown.get(part) === key) return
  shown.set(part, key)
  part.replaceChildren(...content().filter((child) => child instanceof Node || typeof child === "string"))
}

/** @type {WeakMap<HTMLElement, string>} */
const shown = new WeakMap()
