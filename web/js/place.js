/** Where the deployment answers and what it offers, from the answer of `mastrogpt/index`. */

import { ApiError } from "./http.js"

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
 */

/**
 * @param {Record<string, unknown>} answer
 * @param {string} user who is logged in, or ""
 * @returns {Place}
 * @throws {ApiError} when it is none
 */
export function placeOf(answer, user) {
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
