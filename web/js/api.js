/**
 * The only place that fetches, and the only place that knows URLs.
 *
 * The index and the login are asked on the page's own origin; the index answer names the host and the
 * streamer for everything else, which may be other origins.
 */

/**
 * One entry of the menu. `url` is `package/action`; `iframe` names a page to show instead of a chat;
 * `users` limits the entry to logins whose name it contains.
 *
 * @typedef {{ name: string, url: string, iframe?: string, users?: string }} Service
 * @typedef {{ name: string, services: Service[] }} Group
 *
 * Where the deployment answers, and what it offers. URLs are absolute and have no trailing slash.
 *
 * @typedef {{ username: string, host: string, streamer: string, groups: Group[], notice: string }} Place
 *
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

export class Api {
  /** @type {Place | null} */
  place = null

  /** @param {string} token of an earlier login in this tab, or "" */
  constructor(token) {
    this.token = token
  }

  /**
   * Learns the place. Called again after a login, because the menu may differ.
   *
   * @param {string} user who is logged in, or ""
   * @returns {Promise<Place>}
   * @throws {ApiError}
   */
  async enter(user) {
    this.place = placeOf(await answerOf(await reached("/api/my/mastrogpt/index", {})), user)
    return this.place
  }

  /**
   * @param {string} username
   * @param {string} password
   * @returns {Promise<boolean>} whether the pair was right; then later requests carry the token
   * @throws {ApiError} when the login itself did not work
   */
  async login(username, password) {
    const answer = await answerOf(await posted("/api/my/mastrogpt/login", { username, password }))
    this.token = answer.authenticated !== false && typeof answer.token === "string" ? answer.token : ""
    return this.token !== ""
  }

  /**
   * @param {string} action `package/action`
   * @param {Record<string, unknown>} body
   * @param {AbortSignal} [signal]
   * @returns {Promise<Record<string, unknown>>} the answer's members
   * @throws {ApiError}
   */
  async ask(action, body, signal) {
    return answerOf(await posted(this.#actionUrl(action), this.#signed(body), { signal }))
  }

  /**
   * @param {string} action
   * @param {Record<string, unknown>} body
   * @param {AbortSignal} signal
   * @returns {Promise<ReadableStream<Uint8Array>>}
   * @throws {ApiError}
   */
  async stream(action, body, signal) {
    const { streamer, username } = this.#entered()
    const response = await posted(`${streamer}/web/${username}/${action}`, this.#signed(body), { signal })
    if (response.status !== 200 || !response.body) throw await refusal(response)
    return response.body
  }

  /**
   * Tells the action to end a request. Sent as a form, which needs no permission of another origin first:
   * so it also leaves while the page is being closed.
   *
   * @param {string} action
   * @param {string} request
   */
  async stop(action, request) {
    const body = new URLSearchParams({ stop: request, ...(this.token && { token: this.token }) })
    await reached(this.#actionUrl(action), { method: "POST", body, keepalive: true })
  }

  /**
   * @param {Record<string, unknown>} data members of an answer that are neither text nor state
   * @returns {Promise<string>} HTML to be shown in a sandbox
   * @throws {ApiError}
   */
  async display(data) {
    const response = await posted(this.#actionUrl("mastrogpt/display"), this.#signed(data))
    if (response.status !== 200) throw await refusal(response)
    return response.text()
  }

  /** @param {string} action */
  #actionUrl(action) {
    return `${this.#entered().host}/api/my/${action}`
  }

  #entered() {
    if (!this.place) throw new ApiError("unreachable")
    return this.place
  }

  /** @param {Record<string, unknown>} body */
  #signed(body) {
    return this.token ? { ...body, token: this.token } : body
  }
}

/**
 * @param {string} url
 * @param {unknown} body
 * @param {RequestInit} [options]
 */
function posted(url, body, options = {}) {
  const headers = { "content-type": "application/json" }
  return reached(url, { method: "POST", headers, body: JSON.stringify(body), ...options })
}

/**
 * @param {string} url
 * @param {RequestInit} options
 */
async function reached(url, options) {
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
async function answerOf(response) {
  if (response.status !== 200) throw await refusal(response)
  const answer = objectIn(await response.text())
  if (!answer) throw new ApiError("shape")
  return answer
}

/** @param {Response} response */
async function refusal(response) {
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

/**
 * @param {Record<string, unknown>} answer
 * @param {string} user
 * @returns {Place}
 */
function placeOf(answer, user) {
  const username = text(answer.username)
  if (!username) throw new ApiError("shape")
  return {
    username,
    host: text(answer.host).replace(/\/$/, ""),
    streamer: text(answer.streamer).replace(/\/$/, ""),
    groups: groupsOf(answer.services, user || username),
    notice: text(answer.notice),
  }
}

/**
 * The menu is a list of objects with one group each; older deployments give one object with all groups.
 *
 * @param {unknown} services
 * @param {string} user
 * @returns {Group[]}
 */
function groupsOf(services, user) {
  const groups = Array.isArray(services) ? services : [services ?? {}]
  return groups
    .flatMap((group) => Object.entries(group))
    .map(([name, entries]) => ({ name, services: entries.filter(/** @param {Service} s */ (s) => mayUse(s, user)) }))
    .filter((group) => group.services.length > 0)
}

/**
 * @param {Service} service
 * @param {string} user
 */
function mayUse(service, user) {
  return !service.users || service.users.includes(user)
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value : ""
}
