/**
 * Tokens to DOM nodes. Text only ever becomes text: HTML in a reply is shown as written, a link leads
 * to the web or to nothing, and an image is a button until somebody asks for it.
 */

import { codeBlock } from "./code-block.js"
import { decoded } from "./entities.js"
import { imageNode } from "./images.js"
import { mathNode } from "./math.js"

/** @import { Cell, Token } from "./grammar.js" */

const SAFE_LINK = /^(?:https?:\/\/|mailto:)/i
/** Of headings: the page has one of the first level, and each message one of the second. */
export const FIRST_LEVEL = 3
const LINE_BREAK = /^<br\s*\/?>$/i

/**
 * @param {Token[]} tokens
 * @returns {Node[]}
 */
export function nodesOf(tokens) {
  return tokens.flatMap((token) => (MAKERS[token.type] ?? asWritten)(token))
}

/** @type {Record<string, (token: Token) => Node | Node[]>} */
const MAKERS = {
  space: () => [],
  def: definition,
  paragraph: (token) => element("p", inside(token)),
  heading: (token) => element(`h${Math.min(token.level ?? FIRST_LEVEL, 6)}`, inside(token)),
  hr: () => element("hr"),
  blockquote: (token) => element("blockquote", inside(token)),
  code: (token) => codeBlock(token.lang ?? "", token.text && `${token.text}\n`),
  list,
  list_item: item,
  table,
  math: (token) => mathNode(token.text, token.display === true),
  text: (token) => (token.tokens ? inside(token) : textNode(token.text)),
  escape: (token) => textNode(token.text),
  strong: (token) => element("strong", inside(token)),
  em: (token) => element("em", inside(token)),
  del: (token) => element("del", inside(token)),
  codespan: (token) => element("code", [document.createTextNode(token.text)]),
  br: () => element("br"),
  html: (token) => (LINE_BREAK.test(token.raw.trim()) ? element("br") : asWritten(token)),
  link,
  image: (token) => imageNode(decoded(token.href ?? "").trim(), decoded(token.text)),
  checkbox: () => [],
}

/** @param {Token} token */
function asWritten(token) {
  const text = document.createTextNode(token.raw)
  return token.block ? element("p", [text]) : text
}

/** @param {Token} token */
function inside(token) {
  return nodesOf(token.tokens ?? [])
}

/** @param {string} text */
function textNode(text) {
  return document.createTextNode(decoded(text))
}

/**
 * @param {string} name
 * @param {Node[]} [children]
 */
function element(name, children = []) {
  const made = document.createElement(name)
  made.append(...children)
  return made
}

/** @param {Token} token */
function list(token) {
  const made = element(token.ordered ? "ol" : "ul", (token.items ?? []).map(item))
  if (made instanceof HTMLOListElement && Number(token.start) !== 1) made.start = Number(token.start)
  return made
}

/** @param {Token} token */
function item(token) {
  // Whether a list is loose shows only at its end, so every item holds paragraphs.
  const blocks = (token.tokens ?? []).map((block) => (block.type === "text" ? { ...block, type: "paragraph" } : block))
  const made = element("li", nodesOf(blocks))
  if (token.task) {
    const box = document.createElement("input")
    box.type = "checkbox"
    box.disabled = true
    box.toggleAttribute("checked", token.checked)
    const first = made.firstElementChild ?? made
    first.prepend(box, " ")
    made.className = "task"
  }
  return made
}

/** @param {Token} token */
function table(token) {
  const head = element("thead", [row(token.header ?? [], "th")])
  const body = element("tbody", (token.rows ?? []).map((cells) => row(cells, "td")))
  const frame = element("div", [element("table", [head, body])])
  frame.className = "table"
  frame.tabIndex = 0
  return frame
}

/**
 * @param {Cell[]} cells
 * @param {"td" | "th"} name
 */
function row(cells, name) {
  return element(
    "tr",
    cells.map((cell) => {
      const made = element(name, nodesOf(cell.tokens))
      if (cell.align) made.dataset.align = cell.align
      return made
    }),
  )
}

/** @param {Token} token */
function link(token) {
  const href = decoded(token.href ?? "").trim()
  if (!SAFE_LINK.test(href)) return inside(token)
  const made = document.createElement("a")
  made.href = href
  made.target = "_blank"
  made.rel = "noopener noreferrer nofollow"
  made.append(...inside(token))
  return made
}

/**
 * What a reference leads to is told only after the text that refers to it, so it stays in sight.
 *
 * @param {Token} token
 */
function definition(token) {
  return element("p", [link({ ...token, tokens: [{ type: "text", raw: token.raw, text: token.raw.trim() }] })].flat())
}
