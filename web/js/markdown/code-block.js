/**
 * A block of code: its language, a copy button, the code.
 *
 * The code stands in parts of some lines each, so that a line added to a long block costs no more to lay
 * out than one added to a short block.
 */

import { t } from "../i18n.js"
import { settle } from "./parts.js"

const LINES_PER_PART = 60

/**
 * @param {string} info what follows the fence; its first word is the language
 * @param {string} text of the code
 * @returns {HTMLElement}
 */
export function codeBlock(info, text) {
  const block = document.createElement("figure")
  block.className = "code"
  const bar = document.createElement("figcaption")
  bar.className = "code__bar"
  bar.append(info.trim().split(/\s+/)[0] ?? "", copyButton())
  const frame = document.createElement("pre")
  frame.tabIndex = 0
  const code = document.createElement("code")
  code.dataset.language = info.trim().split(/\s+/)[0]?.toLowerCase() ?? ""
  frame.append(code)
  block.append(bar, frame)
  addCode(code, text)
  return block
}

function copyButton() {
  const button = document.createElement("button")
  button.type = "button"
  button.className = "code__copy"
  button.dataset.copyCode = ""
  button.textContent = t("code.copy")
  return button
}

/**
 * Add text at the end of a block's code.
 *
 * @param {Element} code
 * @param {string} text
 */
export function addCode(code, text) {
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    let part = code.lastElementChild
    if (!(part instanceof HTMLElement) || Number(part.dataset.lines) >= LINES_PER_PART) {
      if (part instanceof HTMLElement) settle(part)
      part = document.createElement("span")
      part.className = "code__part"
      code.append(part)
    }
    addTo(/** @type {HTMLElement} */ (part), line)
  }
}

/**
 * @param {HTMLElement} part
 * @param {string} line
 */
function addTo(part, line) {
  if (part.firstChild instanceof Text) part.firstChild.appendData(line)
  else part.append(line)
  if (line.endsWith("\n")) part.dataset.lines = `${Number(part.dataset.lines ?? 0) + 1}`
}
