/** Numbers as people read them. */

/** @param {number} ms since 1970 @returns {string} the time of day, with seconds */
export function clock(ms) {
  return new Date(ms).toLocaleTimeString([], { hour12: false })
}

/** @param {number} ms @returns {string} */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}

/** @param {number} ms from the beginning @returns {string} */
export function offset(ms) {
  return `${(ms / 1000).toFixed(3)} s`
}

/** @param {number} count @param {string} one @param {string} [many] @returns {string} */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`
}

/** @param {unknown} value @returns {string} a text as it is, all else as JSON */
export function shown(value) {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "")
}
