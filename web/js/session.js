/** The login, for as long as the tab lives: `sessionStorage` and nowhere else. */

import { tabStorage } from "./browser-storage.js"

const KEY = "mastrogpt-session"

/** @typedef {{ user: string, token: string }} Session */

/** @returns {Session} with empty members when nobody is logged in */
export function session() {
  return { user: "", token: "", ...tabStorage.get(KEY) }
}

/** @param {Session} session @returns {boolean} whether the browser keeps it */
export function keepSession(session) {
  return tabStorage.set(KEY, session)
}

export function endSession() {
  tabStorage.remove(KEY)
}
