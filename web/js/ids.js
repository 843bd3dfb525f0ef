/** Identifiers nobody can guess. */

const BYTES = 16

/** @returns {string} 32 hexadecimal digits; unlike `crypto.randomUUID` it also works on plain http */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(BYTES)), (byte) => byte.toString(16).padStart(2, "0")).join("")
}
