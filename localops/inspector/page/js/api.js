/** The only place that fetches, and the only place that knows URLs. */

/**
 * An activation as the list shows it. Times are milliseconds; `duration` is null while it runs, `messages`
 * when it was not asked to stream, `coldStart` when its process was there already.
 *
 * @typedef {{
 *   id: string, action: string, version: string, start: number, duration: number | null, status: string,
 *   coldStart: number | null, lines: number, messages: number | null,
 * }} Activation
 *
 * @typedef {{ name: string, value: unknown, origin: string }} Argument
 * @typedef {{ at: number, stream: string, text: string }} Line
 *
 * `cuts` tells how often a read ended inside the message, `together` how many messages its last read held.
 *
 * @typedef {{ at: number, size: number, cuts: number, together: number, isObject: boolean, text: string }} Message
 * @typedef {{
 *   count: number, bytes: number, reads: number, unexamined: number, ended: number | null, messages: Message[],
 * }} Stream
 * @typedef {Activation & {
 *   timedOut: boolean, timeLimit: number, arguments: Argument[], log: Line[], result: unknown,
 *   stream: Stream | null, warnings: string[],
 * }} Detail
 *
 * @typedef {{
 *   path: string, version: string, kind: string, updated: number, web: string | null, stream: string | null,
 *   rest: string, canStream: boolean,
 * }} Action
 * @typedef {{ name: string, value: string, source: string, overruled: string[], used_by: string[] }} Variable
 * @typedef {{ action: string, activation: string, text: string }} Warning
 * @typedef {{ activations?: Activation[], problems?: string[], warnings?: Warning[] }} News
 */

const API = "/_localops/api"

/** A request without a usable answer; the message is a sentence for people. */
export class ApiError extends Error {}

/** @param {string} id @returns {Promise<Detail>} */
export const detail = (id) => asked(`/activations/${encodeURIComponent(id)}`)

/** @returns {Promise<Action[]>} */
export const actions = () => asked("/actions")

/** @returns {Promise<Variable[]>} */
export const variables = () => asked("/variables")

/**
 * Run an activation's action again with the same arguments.
 *
 * @param {string} id
 * @returns {Promise<string>} the id of the new activation
 */
export async function replay(id) {
  return (await asked(`/activations/${encodeURIComponent(id)}/replay`, { method: "POST" })).id
}

/**
 * Follow what happens. After a break all is told again, from the beginning.
 *
 * @param {(news: News) => void} onNews
 * @param {(live: boolean) => void} onState
 */
export function follow(onNews, onState) {
  const source = new EventSource(`${API}/events`)
  source.addEventListener("open", () => onState(true))
  source.addEventListener("error", () => onState(false))
  source.addEventListener("message", (event) => onNews(JSON.parse(event.data)))
}

/** @param {string} path @param {RequestInit} [how] @returns {Promise<any>} */
async function asked(path, how) {
  let response
  try {
    response = await fetch(API + path, how)
  } catch {
    throw new ApiError("localops does not answer. Start it with `python3 -m localops up`.")
  }
  const content = await response.json().catch(() => ({}))
  if (!response.ok) throw new ApiError(content.error ?? `localops answered with status ${response.status}.`)
  return content
}
