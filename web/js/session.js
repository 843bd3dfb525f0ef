/** The login, for as long as the tab lives: `sessionStorage` and nowhere else. */

const KEY = "mastrogpt-session"

/** @typedef {{ user: string, token: string }} Session */

/** @returns {Session} with empty members when nobody is logged in */
export function session() {
  return { user: "", token: "", ...JSON.parse(sessionStorage.getItem(KEY) ?? "{}") }
}

/** @param {Session} session */
export function keepSession(session) {
  sessionStorage.setItem(KEY, JSON.stringify(session))
}

export function endSession() {
  sessionStorage.removeItem(KEY)
}
