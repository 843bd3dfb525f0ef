/** One line for people from a deployment, in which an address is a link and what to type is code. */

const ADDRESS = /https?:\/\/[^\s),;]*[^\s),;.]/g
const SPECIAL = new RegExp(`(\`[^\`]+\`|${ADDRESS.source})`)

/**
 * @param {string} text
 * @param {string} notice
 * @returns {boolean} whether the text says what the notice does: it sends people to the same place
 */
export function isToldIn(text, notice) {
  return (notice.match(ADDRESS) ?? []).some((address) => text.includes(address))
}

/**
 * @param {string} words
 * @returns {(Node | string)[]}
 */
export function noticeNodes(words) {
  return words.split(SPECIAL).map((piece) => {
    if (piece.startsWith("`") && piece.length > 1) return codeNode(piece.slice(1, -1))
    return /^https?:/.test(piece) ? linkNode(piece) : piece
  })
}

/** @param {string} text */
function codeNode(text) {
  const code = document.createElement("code")
  code.textContent = text
  return code
}

/** @param {string} address */
function linkNode(address) {
  const link = document.createElement("a")
  Object.assign(link, { href: address, target: "_blank", rel: "noopener noreferrer" })
  link.textContent = address.replace(/^https?:\/\//, "")
  return link
}
