/**
 * Closes what the last line has opened and not yet closed, so that a reader does not see markup come
 * and go while the text arrives. Only for showing; the source stays as it is.
 */

/** A line that is only marks yet: what it becomes is decided by what follows. */
const UNDECIDED_LINE = /(?:^|\n)[ \t]*(?:[-=*_+#>|~`]+|\d{1,9}[.)]?)[ \t]*$/
const OPEN_LINK = /!?\[([^\]\n]*)(?:\]\([^)\n]*)?$/
/** What may stand before a fence: quotes, an item's mark, blanks. */
const BEFORE_FENCE = /^(?:[\s>]|[-*+] |\d{1,9}[.)] )*/
const FENCE = /^(`{3,}|~{3,})(.*)$/

/**
 * @param {string} source the unfinished end of a reply
 * @returns {string} the same without what is undecided and with what is open closed
 */
export function mended(source) {
  const code = codeIn(source)
  if (code.open) return source
  const blockAt = Math.max(source.lastIndexOf("\n\n") + 1, code.end)
  return source.slice(0, blockAt) + closed(source.slice(blockAt).replace(UNDECIDED_LINE, ""))
}

/**
 * @param {string} source
 * @returns {{ open: boolean, end: number }} whether it ends within a fenced block, and where the last ended
 */
function codeIn(source) {
  let marker = ""
  let end = 0
  let at = 0
  for (const line of source.split("\n")) {
    at += line.length + 1
    const [, mark = "", info = ""] = FENCE.exec(line.replace(BEFORE_FENCE, "")) ?? []
    if (!mark) continue
    if (!marker) marker = info.includes("`") ? "" : mark
    else if (mark.startsWith(marker) && !info.trim()) {
      marker = ""
      end = Math.min(at - 1, source.length)
    }
  }
  return { open: marker !== "", end }
}

/** @param {string} block */
function closed(block) {
  if (count(block, /`+/g) % 2 === 1) return block.endsWith("`") ? block.replace(/`+$/, "") : `${block}\``
  const shown = block.replace(OPEN_LINK, (whole, text) => (whole.startsWith("!") ? "" : text))
  return closeMark(closeMark(shown, "**", /\*\*/g), "~~", /~~/g)
}

/**
 * @param {string} text
 * @param {string} mark
 * @param {RegExp} pattern
 */
function closeMark(text, mark, pattern) {
  if (count(text, pattern) % 2 === 0) return text
  return text.endsWith(mark) ? text.slice(0, -mark.length) : text.trimEnd() + mark
}

/**
 * @param {string} text
 * @param {RegExp} pattern
 */
function count(text, pattern) {
  return text.match(pattern)?.length ?? 0
}
