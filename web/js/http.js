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
  const answer = objectIn(await response.text())
  if (!answer) throw new ApiError("shape")
  return answer
}

/** @param {Response} response */
export async function refusal(response) {
  if (response.status === 401 || response.status === 403) return new ApiError("login")
  if (response.status === 404) return new ApiError("missing")
  if (response.ok) return new ApiError("empty")
  const text = await response.text()
  const { error } = objectIn(text) ?? {}
  return new ApiError("refused", typeof error === "string" ? error : text.trim().slice(0, 300) || `${response.status}`)
}

/**
 * @param {string} text
 * @returns {Record<string, unknown> | null}
 */
function objectIn(text) {
  try {
    const value = JSON.parse(text)
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
