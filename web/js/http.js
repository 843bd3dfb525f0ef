/** The only place that fetches. What goes wrong becomes an `ApiError`, whose words are for people. */

/**
 * What can go wrong, as a key of the sentences in `lang/`, and the words of the other side if it had any.
 *
 * @typedef {{ key: string, detail: string }} Problem
 */

/** A request that got no usable answer. `problem` is for people. */
export class ApiError extends Error {
  /** @param {string} key @param {string} [detail] */
  constructor(key, detail = "") {
    super(detail ? `${key}: ${detail}` : key)
    this.name = "ApiError"
    /** @type {Problem} */
    this.problem = { key, detail }
  }
}

/**
 * @param {string} url
 * @param {unknown} body
 * @param {RequestInit} [options]
 */
export function posted(url, body, options = {}) {
  const headers = { "content-type": "application/json" }
  return reached(url, { method: "POST", headers, body: JSON.stringify(body), ...options })
}

/**
 * @param {string} url
 * @param {RequestInit} options
 */
export async function reached(url, options) {
  try {
    return await fetch(url, options)
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw new ApiError(navigator.onLine ? "unreachable" : "offline")
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Record<string, unknown>>}
 */
export async function answerOf(response) {
  if (response.status !== 200) throw await refusal(response)
  const answer = objectIn(await textOf(response))
  if (!answer) throw new ApiError("shape")
  return answer
}

/** @param {Response} response */
export async function refusal(response) {
  if (response.status === 401 || response.status === 403) return new ApiError("login")
  if (response.status === 404) return new ApiError("missing")
  if (response.status === 413) return new ApiError("large")
  if (response.ok) return new ApiError("empty")
  const text = await textOf(response)
  const { error } = objectIn(text) ?? {}
  const detail = wordsIn(typeof error === "string" ? error : text) || `${response.status}`
  return new ApiError(response.status < 500 ? "refused" : "fault", detail)
}

/**
 * @param {Response} response
 * @returns {Promise<string>} its body
 * @throws {ApiError} when the connection breaks before its end
 */
export async function textOf(response) {
  try {
    return await response.text()
  } catch (error) {
    // Every browser gives a TypeError here, each with words of its own.
    if (error instanceof TypeError) throw new ApiError(navigator.onLine ? "broken" : "offline")
    throw error
  }
}

const SHOWN_CHARS = 300
const MARKUP = /<(style|script|head)\b[\s\S]*?<\/\1>|<[^>]*>/gi
const NOT_SHOWN = /[\u0000-\u001f\u007f\s]+/g

/**
 * @param {string} text that somebody between here and the action wrote, as often as not a page
 * @returns {string} its first words, for a detail under a sentence
 */
export function wordsIn(text) {
  return text.replace(MARKUP, " ").replace(NOT_SHOWN, " ").trim().slice(0, SHOWN_CHARS)
}

const MAX_DEPTH = 500

/**
 * @param {string} text
 * @returns {Record<string, unknown> | null}
 */
function objectIn(text) {
  try {
    const value = JSON.parse(text)
    return value !== null && typeof value === "object" && !Array.isArray(value) && !isDeep(value) ? value : null
  } catch {
    return null
  }
}

/**
 * @param {unknown} value
 * @returns {boolean} whether it is nested so deep that what reads it further on would run out of stack
 */
function isDeep(value) {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return true
    level = level.flatMap((each) => (each !== null && typeof each === "object" ? Object.values(each) : []))
  }
  return false
}
