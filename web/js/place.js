/** Where the deployment answers and what it offers, from the answer of `mastrogpt/index`. */

import { ApiError } from "./http.js"

/**
 * One entry of the menu. `url` is `package/action`; `iframe` names a page to show instead of a chat;
 * `users` limits the entry to logins whose name it contains.
 *
 * @typedef {{ name: string, url: string, iframe?: string, users?: string }} Service
 * @typedef {{ name: string, services: Service[] }} Group
 *
 * Where the deployment answers, and what it offers. URLs are absolute and have no trailing slash, or are "" for the
 * page's own origin. `more` tells that a login may show further entries to a person who is not logged in.
 *
 * @typedef {{
 *   username: string,
 *   host: string,
 *   streamer: string,
 *   groups: Group[],
 *   more: boolean,
 *   notice: string,
 * }} Place
 */

/**
 * @param {Record<string, unknown>} answer
 * @param {string} user who is logged in, or ""
 * @returns {Place}
 * @throws {ApiError} when it is not one
 */
export function placeOf(answer, user) {
  const username = text(answer.username)
  if (!username) throw new ApiError("shape")
  const all = groupsOf(answer.services)
  const groups = all.map(({ name, services }) => ({ name, services: services.filter((one) => mayUse(one, user || username)) }))
  return {
    username,
    host: addressIn(answer, "host"),
    streamer: addressIn(answer, "streamer"),
    groups: groups.filter(({ services }) => services.length > 0),
    more: !user && groups.some(({ services }, at) => services.length < (all[at]?.services.length ?? 0)),
    notice: text(answer.notice),
  }
}

/**
 * @param {Record<string, unknown>} answer
 * @param {string} name
 */
function addressIn(answer, name) {
  const address = text(answer[name]).replace(/\/$/, "")
  if (address && !(/^https?:\/\//.test(address) && URL.canParse(address))) throw new ApiError("shape", `${name}: ${address}`)
  return address
}

/**
 * The menu is a list of objects with one group each; older deployments give one object with all groups.
 *
 * @param {unknown} services
 * @returns {Group[]}
 */
function groupsOf(services) {
  const groups = Array.isArray(services) ? services : [services]
  return groups
    .filter((group) => group !== null && typeof group === "object")
    .flatMap((group) => Object.entries(group))
    .map(([name, entries]) => ({ name, services: Array.isArray(entries) ? entries.filter(isService) : [] }))
}

/**
 * @param {any} entry
 * @returns {entry is Service}
 */
function isService(entry) {
  return text(entry?.name) !== "" && text(entry?.url) + text(entry?.iframe) !== ""
}

/**
 * @param {Service} service
 * @param {string} user
 */
function mayUse({ users }, user) {
  return !users || text(users).includes(user)
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value : ""
}
