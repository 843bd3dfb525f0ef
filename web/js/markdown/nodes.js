/**
 * Tokens to DOM nodes. Text only ever becomes text: HTML in a reply is shown as written, a link leads
 * to the web or to nothing, and an image is a button until somebody asks for it.
 */

import { t } from "../i18n.js"
import { codeBlock } from "./code-block.js"
import { decoded } from "./entities.js"
import { fencedCode } from "./fence.js"
import { imageNode } from "./images.js"
import { mathNode } from "./math.js"

/** @import { Cell, Token } from "./grammar.js" */

const SAFE_LINK = /^(?:https?:\/\/|mailto:)/i
/** Of headings: the page has one of the first level, and each message one of the second. */
export const FIRST_LEVEL = 3
const LINE_BREAK = /^<br\s*\/?>$/i

/**
 * @param {Token[]} blocks of a whole text
 * @returns {Node[]} each of which runs in the direction of its own words
 */
export function nodesOf(blocks) {
  const nodes = within(blocks)
  for (const node of nodes) if (node instanceof Element && !(node.matches(ONE_DIRECTION))) node.setAttribute("dir", "auto")
  return nodes
}

/**
 * @param {Token} block a list or a table
 * @returns {Node[]} its items or rows
 */
export function rowsOf({ items, rows }) {
  return items ? items.map(item) : (rows ?? []).map((cells) => row(cells, "td"))
}

/**
 * @param {Token} table
 * @returns {Node} its names
 */
export function headRow({ header }) {
  return row(header ?? [], "th")
}

/** Code, formulas and rules have a direction whatever the words. */
const ONE_DIRECTION = "figure, .math, hr"

/**
 * @param {Token[]} tokens
 * @returns {Node[]}
 */
function within(tokens) {
  return tokens.flatMap((token) => (MAKERS[token.type] ?? asWritten)(token))
}

/** @type {Record<string, (token: Token) => Node | Node[]>} */
const MAKERS = {
  space: () => [],
  def: definition,
  paragraph: (token) => element("p", withoutLastBlank(inside(token))),
  heading,
  hr: () => element("hr"),
  blockquote: (token) => element("blockquote", inside(token)),
  code,
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
  return token.block ? element("p", withoutLastBlank([text])) : text
}

/** @param {Token} token */
function inside(token) {
  return within(token.tokens ?? [])
}

/** Blanks at the end are not seen, and come and go with what follows. @param {Node[]} nodes */
function withoutLastBlank(nodes) {
  const last = nodes.at(-1)
  if (last instanceof Text) last.data = last.data.replace(/[ \t\n]+$/, "")
  return nodes
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
function heading(token) {
  const made = element(`h${Math.min(token.level ?? FIRST_LEVEL, 6)}`, inside(token))
  // A heading without words is none: a reply may have stopped behind its mark.
  return made.textContent?.trim() || made.firstElementChild ? made : []
}

/** @param {Token} token */
function code(token) {
  if (token.codeBlockStyle === "indented") return codeBlock("", `${token.text.trimEnd()}\n`)
  const { info, text } = fencedCode(token)
  return codeBlock(info, text)
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
  const made = element("li", within(blocks))
  if (token.task) {
    const box = document.createElement("input")
    box.type = "checkbox"
    box.disabled = true
    box.toggleAttribute("checked", token.checked)
    box.setAttribute("aria-label", t(token.checked ? "task.done" : "task.open"))
    const first = made.firstElementChild ?? made
    first.prepend(box, " ")
    made.className = "task"
  }
  return made
}

/** @param {Token} token */
function table(token) {
  const head = element("thead", [headRow(token)])
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
      // A head without words names nothing.
      const made = element(cell.tokens.length > 0 ? name : "td", within(cell.tokens))
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
  if (!made.textContent?.trim() && !made.firstElementChild) made.append(href)
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
