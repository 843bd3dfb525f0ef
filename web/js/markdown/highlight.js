/** Colours in code, computed by highlight.js in a worker that starts with the first complete block. */

/**
 * @typedef {[scope: string, text: string]} Piece
 */

/** Longer code stays plain: its many nodes would hold up the page. */
const MAX_COLOURED = 24_000
const LINES_PER_PART = 60

/** Null where the browser refused it. @type {Worker | null | undefined} */
let worker
/** @type {Map<number, Element>} code that waits for its colours */
const waiting = new Map()
let asked = 0

/** @param {Element} code complete code, with its language in `data-language` */
export function highlight(code) {
  const language = code instanceof HTMLElement ? code.dataset.language : ""
  const text = code.textContent ?? ""
  if (!language || text.length > MAX_COLOURED) return
  if (worker === undefined) worker = startWorker()
  if (!worker) return
  waiting.set(++asked, code)
  worker.postMessage({ id: asked, language, text })
}

/** @returns {Worker | null} null where the browser allows none: then code has no colours */
function startWorker() {
  /** @type {Worker} */
  let started
  try {
    started = new Worker(workerUrl(), { type: "module" })
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof ReferenceError)) throw error
    return null
  }
  started.addEventListener("message", ({ data: { id, pieces } }) => {
    const code = waiting.get(id)
    waiting.delete(id)
    if (code?.isConnected && pieces) requestAnimationFrame(() => colour(code, pieces))
  })
  return started
}

/** The policy of the page lets only this name make a worker's address, where the browser knows policies. */
function workerUrl() {
  const url = new URL("./highlight-worker.js", import.meta.url).href
  const { trustedTypes } = /** @type {any} */ (globalThis)
  return trustedTypes ? trustedTypes.createPolicy("worker", { createScriptURL: () => url }).createScriptURL("") : url
}

/**
 * @param {Element} code
 * @param {Piece[]} pieces
 */
function colour(code, pieces) {
  const parts = [newPart()]
  for (const [scope, text] of pieces) {
    let part = /** @type {HTMLElement} */ (parts.at(-1))
    if (Number(part.dataset.lines) >= LINES_PER_PART && part.textContent?.endsWith("\n")) parts.push((part = newPart()))
    part.append(scope ? coloured(scope, text) : text)
    part.dataset.lines = `${Number(part.dataset.lines) + text.split("\n").length - 1}`
  }
  code.replaceChildren(...parts)
}

function newPart() {
  const part = document.createElement("span")
  part.className = "code__part"
  part.dataset.lines = "0"
  return part
}

/**
 * @param {string} scope such as `string` or `title.function`
 * @param {string} text
 */
function coloured(scope, text) {
  const span = document.createElement("span")
  span.className = "code__word"
  span.dataset.scope = scope.split(".")[0] ?? ""
  span.textContent = text
  return span
}
