/** Formulas: typeset by KaTeX, which is fetched with the first one. Until then the source is shown. */

import { MAX_FORMULA } from "./formulas.js"

const KATEX = "../../vendor/katex/katex.min.js"
const STYLE = "/vendor/katex/katex.min.css"

/**
 * @typedef {{ render: (source: string, into: Element, options: Record<string, unknown>) => void }} Katex
 */

/** @type {Promise<Katex | null> | null} */
let loading = null
/** @type {WeakSet<Element>} */
const done = new WeakSet()

/**
 * @param {string} source in TeX
 * @param {boolean} display whether it stands by itself
 * @returns {HTMLElement} showing the source
 */
export function mathNode(source, display) {
  const node = document.createElement(display ? "div" : "span")
  node.className = "math"
  node.dataset.source = source
  if (display) node.dataset.display = ""
  node.textContent = source
  return node
}

/** @param {Element} root whose formulas to typeset, soon */
export async function typeset(root) {
  const nodes = root.matches(".math") ? [root] : [...root.querySelectorAll(".math")]
  const waiting = nodes.filter((node) => !done.has(node) && (node.textContent?.length ?? 0) < MAX_FORMULA)
  if (waiting.length === 0) return
  for (const node of waiting) done.add(node)
  const katex = await (loading ??= load())
  if (!katex) return
  for (const node of waiting) await render(katex, /** @type {HTMLElement} */ (node))
}

/** @returns {Promise<Katex | null>} null when it did not arrive: then formulas stay as they are written */
async function load() {
  const style = document.createElement("link")
  style.rel = "stylesheet"
  style.href = STYLE
  document.head.append(style)
  try {
    await import(KATEX)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return null
  }
  return /** @type {any} */ (globalThis).katex
}

/**
 * @param {Katex} katex
 * @param {HTMLElement} node
 */
async function render(katex, node) {
  // One formula per frame at most: hard ones take milliseconds.
  await new Promise(requestAnimationFrame)
  const source = node.dataset.source ?? ""
  try {
    katex.render(source, node, {
      displayMode: node.dataset.display !== undefined,
      throwOnError: false,
      errorColor: "currentcolor",
      trust: false,
      maxExpand: 200,
      maxSize: 20,
    })
  } catch (error) {
    // Braces nested too deep for the stack. The formula stays as it is written, and the next one is set.
    if (!(error instanceof RangeError)) throw error
    node.textContent = source
  }
}
