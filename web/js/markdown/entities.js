/** Character references of HTML, which Markdown allows in text. */

/** @type {Record<string, string>} those that people and models write; others stay as written */
const NAMED = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  copy: "©",
  reg: "®",
  trade: "™",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  middot: "·",
  bull: "•",
  times: "×",
  deg: "°",
  euro: "€",
  rarr: "→",
  larr: "←",
}

const REFERENCE = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(\w{2,6}));/g
const LAST_CODE_POINT = 0x10ffff

/**
 * @param {string} text
 * @returns {string}
 */
export function decoded(text) {
  if (!text.includes("&")) return text
  return text.replace(REFERENCE, (whole, decimal, hexadecimal, name) => {
    if (name) return NAMED[name] ?? whole
    const point = decimal ? Number(decimal) : Number.parseInt(hexadecimal, 16)
    return point > 0 && point <= LAST_CODE_POINT ? String.fromCodePoint(point) : "\ufffd"
  })
}
