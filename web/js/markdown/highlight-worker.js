/**
 * Run highlight.js where there is no document: text in, pieces with the name of their colour out.
 */

import hljs from "../../vendor/highlight/highlight.min.js"

/** @import { Piece } from "./highlight.js" */

/** Collect pieces instead of making HTML. The interface is the one highlight.js calls. */
class Pieces {
  /** @type {Piece[]} */
  list = []
  /** @type {string[]} */
  #scopes = []

  /** @param {string} text */
  addText(text) {
    if (text) this.list.push([this.#scopes.at(-1) ?? "", text])
  }

  /** @param {string} scope */
  startScope(scope) {
    this.#scopes.push(scope)
  }

  endScope() {
    this.#scopes.pop()
  }

  /** @param {Pieces} other */
  __addSublanguage(other) {
    this.list.push(...other.list)
  }

  /** @param {string} scope */
  openNode(scope) {
    this.startScope(scope)
  }

  closeNode() {
    this.endScope()
  }

  closeAllNodes() {
    this.#scopes = []
  }

  finalize() {
    this.closeAllNodes()
  }

  toHTML() {
    return ""
  }
}

hljs.configure({ __emitter: Pieces })

addEventListener("message", ({ data: { id, language, text } }) => {
  if (!hljs.getLanguage(language)) return postMessage({ id, pieces: null })
  const result = hljs.highlight(text, { language, ignoreIllegals: true })
  postMessage({ id, pieces: result._emitter.list })
})
