/** Which bytes JSON is made of, and which may follow which. */

export const NEWLINE = 0x0a
export const QUOTE = 0x22
export const BACKSLASH = 0x5c
export const OPEN = 0x7b

export const BLANK = bytes(" \t\r")
const LITERAL = bytes("truefalsn0123456789+-.eE")
const VALUE = bytes('"{[-0123456789tfn')

/**
 * What may follow what within an object, blanks apart. A byte that may not tells at once that the object
 * is broken, so that it cannot swallow the ones behind it.
 */
export const AFTER_OPEN = bytes('"}')
export const AFTER_LIST = new Set([...VALUE, ...bytes("]")])
export const AFTER_STRING = bytes(",:}]")
export const AFTER_CLOSE = bytes(",}]")
export const AFTER_LITERAL = new Set([...LITERAL, ...AFTER_CLOSE])

/** @type {Map<number, Set<number>>} */
export const FOLLOWERS = new Map([
  [OPEN, AFTER_OPEN],
  [code("["), AFTER_LIST],
  [code(","), VALUE],
  [code(":"), VALUE],
  [code("}"), AFTER_CLOSE],
  [code("]"), AFTER_CLOSE],
])

/** @param {string} character */
function code(character) {
  return character.charCodeAt(0)
}

/** @param {string} characters */
function bytes(characters) {
  return new Set([...characters].map(code))
}
