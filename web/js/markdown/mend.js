/**
 * Close what the end of a text has opened and not yet closed, so that a reader does not see markup come
 * and go while the text arrives. Only for showing; the source stays as it is.
 */

/** Quotes and marks of items, which may stand before any block. */
const CONTAINERS = "(?:[ \\t>]|[-*+][ \\t]|\\d{1,9}[.)][ \\t])*"
/** A line that is only marks yet: what it becomes is decided by what follows. */
const UNDECIDED_LINE = new RegExp(`^${CONTAINERS}(?:[-=*_+#>|~\`]+|[-:| \\t]*[-|][-:| \\t]*|\\d{1,9}[.)]?)[ \\t]*$`)
/** A longer line of marks is drawn as it is. */
const MAX_UNDECIDED = 200

/**
 * @param {string} source
 * @returns {string} the same without a last line of which nothing can be told yet
 */
export function withoutUndecidedLine(source) {
  const at = source.lastIndexOf("\n") + 1
  const line = source.slice(at, at + MAX_UNDECIDED + 1)
  return line.length <= MAX_UNDECIDED && UNDECIDED_LINE.test(line) ? source.slice(0, Math.max(at - 1, 0)) : source
}

/** What a letter stands before is hardly a link: `list[i`, `Rome[^1`, `[text][g`. */
const OPEN_LINK = /(?<![\p{L}\p{N}_)\]])!?\[(?!\^)([^\]\n]*)(?:\]\((?:[^()\n]|\([^()\n]*\))*(?:\([^()\n]*)?)?$/u

/**
 * @param {string} text of one paragraph, heading or cell, as far as it has come
 * @returns {string} with closed what is open
 */
export function closed(text) {
  let shown = text
  for (;;) {
    const { masked, open } = withoutCode(shown)
    const link = open ? null : OPEN_LINK.exec(masked)
    if (open && !shown.endsWith("`")) return shown + open
    if (open) shown = shown.replace(/`+$/, "")
    else if (link) shown = withoutLink(shown, link)
    else return closeMark(closeMark(shown, masked, "**"), masked, "~~")
  }
}

/**
 * @param {string} text that ends with a link
 * @param {RegExpExecArray} link
 * @returns {string} with the words of the link alone, or without an image
 */
function withoutLink(text, { 0: whole, 1: words = "", index }) {
  return text.slice(0, index) + (whole.startsWith("!") ? "" : text.slice(index + 1, index + 1 + words.length))
}

const CODE_OR_ESCAPE = /\\[^]|(`+)/g

/**
 * @param {string} text
 * @returns {{ masked: string, open: string }} the text with blanks in place of code and of what is escaped, and the
 *   mark of code that is open
 */
function withoutCode(text) {
  let masked = ""
  let kept = 0
  CODE_OR_ESCAPE.lastIndex = 0
  for (let found = CODE_OR_ESCAPE.exec(text); found; found = CODE_OR_ESCAPE.exec(text)) {
    const mark = found[1] ?? ""
    const end = mark ? closingOf(text, mark, CODE_OR_ESCAPE.lastIndex) : CODE_OR_ESCAPE.lastIndex
    if (end < 0) return { masked, open: mark }
    masked += text.slice(kept, found.index) + " ".repeat(end - found.index)
    kept = CODE_OR_ESCAPE.lastIndex = end
  }
  return { masked: masked + text.slice(kept), open: "" }
}

/**
 * @param {string} text
 * @param {string} mark
 * @param {number} from
 * @returns {number} the end of the code that the mark opened, or -1
 */
function closingOf(text, mark, from) {
  for (let at = text.indexOf(mark, from); at >= 0; ) {
    let end = at
    while (text[end] === "`") end++
    if (end - at === mark.length) return end
    at = text.indexOf(mark, end)
  }
  return -1
}

/**
 * @param {string} text
 * @param {string} masked
 * @param {string} mark
 */
function closeMark(text, masked, mark) {
  const marks = masked.split(mark)
  if (marks.length % 2 === 1) return text
  if (text.endsWith(mark)) return text.slice(0, -mark.length)
  // What a blank follows opens nothing: 2 ** 3.
  return /^\s/.test(marks.at(-1) ?? "") ? text : text.trimEnd() + mark
}
