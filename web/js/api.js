/**
 * What can be asked of the deployment, and the only place that knows URLs.
 *
 * The index and the login are asked on the page's own origin; the index answer names the host and the
 * streamer for everything else, which may be other origins.
 */

import { ApiError, answerOf, posted, reached, refusal, textOf } from "./http.js"
import { placeOf } from "./place.js"

/** @import { Place } from "./place.js" */

export class Api {
  /** @type {Place | null} */
  place = null

  /** @param {string} token of an earlier login in this tab, or "" */
  constructor(token) {
    this.token = token
  }

  /**
   * Learn the place. Called again after a login, because the menu may differ.
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
   * Tell the action to end a request. Sent as a form, which needs no permission of another origin first:
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
    return textOf(response)
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
