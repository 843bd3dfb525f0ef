/**
 * Show a reply in Markdown while it arrives, at a cost per piece that does not grow with the reply, and in the end
 * as if it had come in one piece.
 *
 * Only whole lines tell where a block ends. What they complete is never read again, but for references that are
 * defined later. What stays open is small: the last paragraph, the last item of a list, the last row of a table.
 * Lines of a code block go straight into the page.
 */

import { continued } from "./continued.js"
import { openFence } from "./fence.js"
import { blocksOf, openBlocksOf, outlineOf } from "./grammar.js"
import { Headings } from "./headings.js"
import { highlight } from "./highlight.js"
import { partingPlace } from "./long-paragraph.js"
import { typeset } from "./math.js"
import { headRow, nodesOf, rowsOf } from "./nodes.js"
import { Parts } from "./parts.js"
import { patch } from "./patch.js"
import { References } from "./references.js"

/** @import { OpenFence } from "./fence.js" */
/** @import { Token } from "./grammar.js" */

/** No block stays open beyond this, whatever its markup says. */
const MAX_OPEN = 32_000

/**
 * Where the open source belongs: the last part of the root, or a list or a table that goes on. `head` is what stands
 * before the source to make sense of it: the first two lines of the table.
 *
 * @typedef {{ kind: "root" | "list" | "table", parent: Element, head: string }} Place
 */

export class MarkdownView {
  #parts
  #headings = new Headings()
  #references = new References()
  /** @type {Place} */
  #place
  #open = ""
  /** How much of the open source has been looked through for what is complete. */
  #seen = 0
  /** The nodes of the open source. @type {ChildNode[]} */
  #shown = []
  /** Those of them that stand behind the list or the table, as far as can be told yet. @type {ChildNode[]} */
  #behind = []
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
        rest = this.#settle()
        if (!this.#fence) this.#draw()
      }
    }
  }

  /** Nothing follows: what is open is complete. */
  end() {
    if (this.#fence) this.#endFence(this.#fence)
    this.#complete()
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
    this.#leave("")
  }

  /**
   * Complete what the whole lines of the open source complete.
   *
   * @returns {string} lines of a code block that has just begun
   */
  #settle() {
    const end = this.#open.lastIndexOf("\n") + 1
    if (end <= this.#seen) return ""
    this.#seen = end
    const { kind, head } = this.#place
    const blocks = outlineOf(head + this.#open.slice(0, end), this.#references)
    const rest = kind === "root" ? this.#settleBlocks(blocks) : this.#settleInside(blocks)
    this.#references.redraw()
    return rest
  }

  /**
   * @param {Token[]} blocks of the root
   * @returns {string} lines of a code block that has just begun
   */
  #settleBlocks(blocks) {
    const last = openFrom(blocks)
    const open = blocks[last]
    this.#freeze(length(blocks.slice(0, last)))
    if (open?.type === "code") return this.#enterFence(open)
    if (open?.type === "list" && (open.items?.length ?? 0) > 1) this.#enter("list", open, "")
    if (open?.type === "table" && (open.rows?.length ?? 0) > 1) this.#enter("table", open, headOf(open))
    return ""
  }

  /**
   * @param {Token[]} blocks of which the first should go on with the list or the table that is open
   * @returns {string} lines of a code block that has just begun
   */
  #settleInside([first, ...others]) {
    const { kind, head } = this.#place
    const goesOn = first?.type === kind
    if (goesOn && others.every(({ type }) => type === "space")) {
      this.#keepLast(first)
      return ""
    }
    // Otherwise what looked like an item or a row stands by itself.
    if (goesOn) this.#freezeRows(first.raw.length - head.length)
    this.#leave(this.#open)
    return this.#settle()
  }

  /** Show what is open, as far as it has come. */
  #draw() {
    const { kind, parent, head } = this.#place
    const blocks = openBlocksOf(head + this.#open, this.#references)
    const inside = kind !== "root" && blocks[0]?.type === kind ? blocks.shift() : undefined
    const wanted = nodesOf(this.#headings.levelled(blocks, 0))
    if (kind === "root") this.#shown = patch(parent, this.#shown, this.#continued ? asContinued(wanted) : wanted)
    else {
      this.#shown = patch(parent, this.#shown, inside ? rowsOf(inside) : [])
      this.#behind = patch(this.#parts.last, this.#behind, wanted)
    }
    const place = kind === "root" && blocks.length === 1 && blocks[0] ? partingPlace(blocks[0]) : 0
    if (place > 0) this.#part(place)
    else if (this.#open.length > MAX_OPEN) this.#complete()
  }

  /** All that is open is complete. */
  #complete() {
    const { kind, head } = this.#place
    if (kind !== "root") {
      const [first] = blocksOf(head + this.#open, this.#references)
      if (first?.type === kind) this.#freezeRows(first.raw.length - head.length)
      this.#leave(this.#open)
    }
    this.#freeze(this.#open.length)
    patch(this.#place.parent, this.#shown, [])
    this.#leave("")
    this.#references.redraw()
  }

  /**
   * Draw the beginning of the open source for good.
   *
   * @param {number} chars
   */
  #freeze(chars) {
    if (chars === 0) return
    const source = this.#taken(chars)
    const next = linesAtMost(2, this.#open.slice(0, this.#seen))
    const isContinued = this.#continued
    /** @type {Token[]} */
    let blocks = []
    this.#keep(source, () => {
      const before = blocksBefore(blocksOf(source + next, this.#references), chars)
      const read = length(before) === chars ? before : blocksOf(source, this.#references)
      blocks = blocks.length > 0 ? read.map((block, at) => ({ ...block, level: blocks[at]?.level })) : this.#headings.levelled(read, read.length)
      return isContinued ? asContinued(nodesOf(blocks)) : nodesOf(blocks)
    })
    if (blocks.some(({ type }) => type !== "space")) this.#continued = false
    this.#parts.filled(chars, this.#shown)
    this.#place = { kind: "root", parent: this.#parts.last, head: "" }
  }

  /**
   * Draw the first items or rows of the open source for good.
   *
   * @param {number} chars
   */
  #freezeRows(chars) {
    if (chars === 0) return
    const { head } = this.#place
    const source = this.#taken(chars)
    this.#keep(source, () => blocksOf(head + source, this.#references).slice(0, 1).flatMap(rowsOf))
  }

  /**
   * @param {number} chars
   * @returns {string} so much from the beginning of the open source
   */
  #taken(chars) {
    const source = this.#open.slice(0, chars)
    this.#open = this.#open.slice(chars)
    this.#seen = Math.max(this.#seen - chars, 0)
    return source
  }

  /**
   * @param {string} source
   * @param {() => Node[]} make the nodes of the source, with the references that are known by then
   */
  #keep(source, make) {
    const wanted = make()
    let nodes = patch(this.#place.parent, this.#shown.slice(0, wanted.length), wanted)
    this.#shown = this.#shown.slice(nodes.length)
    this.#completed(nodes)
    this.#references.note(source, () => {
      const parent = nodes[0]?.parentNode
      if (!parent) return
      nodes = patch(parent, nodes, make())
      this.#completed(nodes)
    })
  }

  /**
   * Part the open paragraph, of which the first part does not change any more.
   *
   * @param {number} place
   */
  #part(place) {
    this.#freeze(place)
    this.#continued = true
    this.#draw()
  }

  /**
   * @param {Token} block
   * @returns {string} lines of a code block that has just begun
   */
  #enterFence(block) {
    const begun = openFence({ ...block, raw: this.#open })
    if (!begun) return ""
    this.#fence = begun.fence
    patch(this.#place.parent, this.#shown, [])
    this.#parts.last.append(begun.fence.block)
    this.#leave("")
    return begun.rest
  }

  /**
   * From now on all but the last item or row are complete.
   *
   * @param {"list" | "table"} kind
   * @param {Token} block
   * @param {string} head of a table
   */
  #enter(kind, block, head) {
    this.#draw()
    const [element, ...behind] = this.#shown
    const parent = element instanceof Element ? (kind === "list" ? element : element.querySelector("tbody")) : null
    if (!parent || this.#place.kind !== "root") return
    this.#keepHead(this.#taken(head.length), parent.parentElement?.querySelector("thead"))
    this.#place = { kind, parent, head }
    this.#shown = [...parent.children]
    this.#behind = behind
    this.#keepLast(block)
  }

  /**
   * @param {string} source of the names of a table, "" for a list
   * @param {Element | null} [shown]
   */
  #keepHead(source, shown) {
    if (!source || !shown) return
    this.#references.note(source, () => {
      patch(shown, [...shown.childNodes], blocksOf(source, this.#references).slice(0, 1).map(headRow))
    })
  }

  /** @param {Token} block the list or the table that is open, all of whose rows but the last are complete */
  #keepLast(block) {
    const chars = doneIn(block)
    this.#freezeRows(chars)
    if (!this.#parts.filled(chars, [])) return
    this.#parts.last.append(...this.#behind)
    const parent = continued(this.#place.parent, this.#shown, this.#parts.last)
    this.#place = { ...this.#place, parent }
  }

  /**
   * What is open belongs to the root from now on.
   *
   * @param {string} open
   */
  #leave(open) {
    const isInside = this.#place.kind !== "root"
    if (isInside) patch(this.#place.parent, this.#shown, [])
    this.#shown = isInside ? this.#behind : []
    this.#behind = []
    this.#place = { kind: "root", parent: this.#parts.last, head: "" }
    this.#open = open
    this.#seen = 0
  }

  /** @param {Node[]} nodes that will not change any more */
  #completed(nodes) {
    for (const node of nodes) {
      if (!(node instanceof Element)) continue
      for (const code of node.querySelectorAll("code[data-language]")) highlight(code)
      typeset(node)
    }
  }
}

/**
 * @param {Token[]} blocks
 * @returns {number} the first of them that a further line may change
 */
function openFrom(blocks) {
  const last = Math.max(blocks.findLastIndex(({ type }) => type !== "space"), 0)
  // What looks like a formula may turn out to go on with the paragraph before it.
  return blocks[last]?.certain === false && blocks[last - 1]?.type === "paragraph" ? last - 1 : last
}

/**
 * @param {Token[]} blocks
 * @param {number} chars
 * @returns {Token[]} those within so many characters
 */
function blocksBefore(blocks, chars) {
  let end = 0
  return blocks.filter(({ raw }) => (end += raw.length) <= chars)
}

/**
 * What follows a block may tell how its own last line is read.
 *
 * @param {number} most
 * @param {string} source whole lines
 */
function linesAtMost(most, source) {
  return source.split("\n", most).map((line) => `${line}\n`).join("").slice(0, source.length)
}

/**
 * @param {Node[]} nodes of a source that begins within a paragraph
 * @returns {Node[]} the same
 */
function asContinued(nodes) {
  if (nodes[0] instanceof HTMLParagraphElement) nodes[0].className = "continued"
  return nodes
}

/** @param {Token} table @returns {string} its names and what stands under them */
function headOf({ raw }) {
  const [names, rule] = raw.split("\n", 2)
  return `${names}\n${rule}\n`
}

/**
 * @param {Token} block a list or a table
 * @returns {number} how many characters all of its items or rows but the last have
 */
function doneIn({ items, rows, raw }) {
  if (items) return length(items.slice(0, -1))
  const lines = raw.split("\n").slice(2, 1 + (rows?.length ?? 0))
  return lines.reduce((sum, line) => sum + line.length + 1, 0)
}

/** @param {{ raw: string }[]} blocks */
function length(blocks) {
  return blocks.reduce((sum, { raw }) => sum + raw.length, 0)
}
