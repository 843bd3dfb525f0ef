/**
 * Shows a reply in Markdown while it arrives, at a cost per piece that does not grow with the reply.
 *
 * Blocks that are complete are never looked at again. What stays open is small: the last paragraph, the
 * last item of a list, the last row of a table. Lines of a code block go straight into the page.
 */

import { continued } from "./continued.js"
import { openFence } from "./fence.js"
import { blocksOf } from "./grammar.js"
import { Headings } from "./headings.js"
import { highlight } from "./highlight.js"
import { partingPlace } from "./long-paragraph.js"
import { typeset } from "./math.js"
import { mended } from "./mend.js"
import { nodesOf } from "./nodes.js"
import { Parts } from "./parts.js"
import { patch } from "./patch.js"

/** @import { OpenFence } from "./fence.js" */
/** @import { Token } from "./grammar.js" */

/** No block stays open beyond this, whatever its markup says. */
const LONGEST_OPEN = 32_000

/**
 * Where the open source belongs: the last part of the root, or a list or a table that goes on. `head` is what stands
 * before the source to make sense of it: the first two lines of the table.
 *
 * @typedef {{ kind: "root" | "list" | "table", parent: Element, head: string }} Place
 */

export class MarkdownView {
  #parts
  #headings = new Headings()
  /** @type {Place} */
  #place
  #open = ""
  /** The nodes of the open source. @type {ChildNode[]} */
  #shown = []
  /** @type {OpenFence | null} */
  #fence = null
  /** The open paragraph is the rest of one that was parted. */
  #continued = false

  /** @param {Element} root to be filled */
  constructor(root) {
    this.#parts = new Parts(root)
    this.#place = { kind: "root", parent: this.#parts.last, head: "" }
  }

  /** @param {string} text to be added */
  write(text) {
    for (let rest = text.replaceAll("\r", ""); rest; ) {
      if (this.#fence) rest = this.#writeCode(this.#fence, rest)
      else {
        this.#open += rest
        rest = this.#render(false)
      }
    }
  }

  /** Nothing follows: what is open is complete. */
  end() {
    if (this.#fence) this.#endFence(this.#fence)
    else this.#render(true)
  }

  /**
   * @param {OpenFence} fence
   * @param {string} text
   * @returns {string} what follows the block
   */
  #writeCode(fence, text) {
    const rest = fence.write(text)
    if (rest === null) return ""
    this.#endFence(fence)
    return rest
  }

  /** @param {OpenFence} fence */
  #endFence(fence) {
    fence.end()
    this.#fence = null
    this.#completed([fence.block])
    this.#parts.filled(fence.length, [])
    this.#return("")
  }

  /**
   * @param {boolean} complete nothing follows
   * @returns {string} lines of a code block that has just begun
   */
  #render(complete) {
    const { kind, head } = this.#place
    const source = head + this.#open
    const blocks = blocksOf(complete ? source : mended(source))
    if (kind !== "root") return this.#goOn(blocks, complete)
    return this.#renderBlocks(blocks, this.#open, complete)
  }

  /**
   * @param {Token[]} blocks
   * @param {string} source of them, and of what mending left out at the end
   * @param {boolean} complete
   */
  #renderBlocks(blocks, source, complete) {
    const last = complete ? blocks.length : Math.max(blocks.findLastIndex(({ type }) => type !== "space"), 0)
    const levelled = this.#headings.levelled(blocks, last)
    const before = nodesOf(levelled.slice(0, last))
    const wanted = [...before, ...nodesOf(levelled.slice(last))]
    if (this.#continued && wanted[0] instanceof HTMLParagraphElement) wanted[0].className = "continued"
    if (before.length > 0) this.#continued = false
    const nodes = patch(this.#parts.last, this.#shown, wanted)
    this.#completed(nodes.slice(0, before.length))
    this.#shown = nodes.slice(before.length)
    this.#parts.filled(length(blocks.slice(0, before.length)), this.#shown)
    this.#open = source.slice(length(blocks.slice(0, last)))
    const open = blocks[last]
    return open ? this.#keepOpen(open) : ""
  }

  /**
   * Keeps no more of the last block open than must be.
   *
   * @param {Token} block
   * @returns {string} lines of a code block that has just begun
   */
  #keepOpen(block) {
    if (block.type === "code") return this.#enterFence(block)
    if (block.type === "list") this.#enterList(block)
    else if (block.type === "table") this.#enterTable(block)
    else if (block.type === "paragraph") this.#part(block)
    if (this.#open.length > LONGEST_OPEN) this.#render(true)
    return ""
  }

  /** @param {Token} block */
  #enterFence(block) {
    const begun = openFence({ ...block, raw: this.#open })
    if (!begun) return ""
    this.#fence = begun.fence
    patch(this.#parts.last, this.#shown, [])
    this.#parts.last.append(begun.fence.block)
    this.#return("")
    return begun.rest
  }

  /** @param {Token} block */
  #part(block) {
    const place = partingPlace(block)
    if (place === 0) return
    const rest = this.#open.slice(place)
    this.#open = this.#open.slice(0, place).trimEnd()
    this.#render(true)
    this.#continued = true
    this.#open = rest
    this.#render(false)
  }

  /** @param {Token} list */
  #enterList(list) {
    const element = this.#shown[0]
    const items = list.items ?? []
    if (!(element instanceof Element) || items.length < 2) return
    this.#place = { kind: "list", parent: element, head: "" }
    this.#leaveLast([...element.children], items.slice(0, -1).map(({ raw }) => raw).join(""))
  }

  /** @param {Token} table */
  #enterTable(table) {
    const body = this.#shown[0] instanceof Element ? this.#shown[0].querySelector("tbody") : null
    const [names = "", rule = "", ...rows] = table.raw.split("\n")
    if (!body || body.children.length < 2) return
    const head = `${names}\n${rule}\n`
    this.#place = { kind: "table", parent: body, head }
    const done = rows.slice(0, body.children.length - 1).map((row) => `${row}\n`)
    this.#leaveLast([...body.children], head + done.join(""))
  }

  /**
   * @param {ChildNode[]} nodes of which only the last stays open
   * @param {string} done source of the others
   */
  #leaveLast(nodes, done) {
    this.#completed(nodes.slice(0, -1))
    this.#shown = nodes.slice(-1)
    this.#open = this.#open.slice(done.length)
    if (this.#parts.filled(done.length, [])) {
      this.#place = { ...this.#place, parent: continued(this.#place.parent, this.#shown, this.#parts.last) }
    }
  }

  /**
   * Goes on with the list or the table that is open.
   *
   * @param {Token[]} blocks
   * @param {boolean} complete
   */
  #goOn([first, ...others], complete) {
    const { kind, parent, head } = this.#place
    const source = head + this.#open
    if (first?.type !== kind) return this.#leave(complete)
    const [made] = nodesOf([first])
    const rows = kind === "list" ? made : made instanceof Element ? made.querySelector("tbody") : null
    this.#shown = patch(parent, this.#shown, [...(rows?.childNodes ?? [])])
    if (complete || others.some(({ type }) => type !== "space")) {
      this.#completed(this.#shown)
      this.#return(source.slice(first.raw.length))
      return this.#renderBlocks(others, this.#open, complete)
    }
    this.#leaveOpenRow(first, source)
    if (this.#open.length > LONGEST_OPEN) this.#render(true)
    return ""
  }

  /**
   * @param {Token} block
   * @param {string} source
   */
  #leaveOpenRow(block, source) {
    const { kind, head } = this.#place
    this.#open = source
    const done =
      kind === "list"
        ? (block.items ?? []).slice(0, -1).map(({ raw }) => raw)
        : [head, ...block.raw.split("\n").slice(2, 2 + this.#shown.length - 1).map((row) => `${row}\n`)]
    if (this.#shown.length > 0) this.#leaveLast(this.#shown, done.join(""))
    else this.#open = source.slice(head.length)
  }

  /**
   * What looked like an item or a row is none any more: it stands by itself.
   *
   * @param {boolean} complete
   */
  #leave(complete) {
    patch(this.#place.parent, this.#shown, [])
    this.#return(this.#open)
    return this.#render(complete)
  }

  /** @param {string} open source that belongs to the root from now on */
  #return(open) {
    this.#place = { kind: "root", parent: this.#parts.last, head: "" }
    this.#shown = []
    this.#open = open
  }

  /** @param {ChildNode[]} nodes that will not change any more */
  #completed(nodes) {
    for (const node of nodes) {
      if (!(node instanceof Element)) continue
      for (const code of node.querySelectorAll("code[data-language]")) highlight(code)
      typeset(node)
    }
  }
}

/** @param {Token[]} blocks */
function length(blocks) {
  return blocks.reduce((sum, { raw }) => sum + raw.length, 0)
}
