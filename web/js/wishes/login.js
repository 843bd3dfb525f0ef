/** Getting in: when the deployment asks for a login, when it does not answer, and when it has no chats. */

import { ApiError } from "../http.js"
import { part } from "../elements/parts.js"
import { t } from "../i18n.js"
import { endSession, keepSession } from "../session.js"
import { on } from "./page.js"

/** @import { Problem } from "../http.js" */
/** @import { State } from "../state.js" */
/** @import { Page } from "./page.js" */

/** @param {Page} page */
export function followLogin({ api, store, library, enter }) {
  const ask = async () => {
    const { showLogin } = await import("../elements/dialogs.js")
    showLogin(async (username, password) => {
      try {
        if (!(await api.login(username, password))) return t("login.refused")
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        return t(error.problem.key === "missing" ? "login.missing" : `problem.${error.problem.key}`)
      }
      if (!keepSession({ user: username, token: api.token })) store.unkeep("login")
      const { current, user } = store.state
      // What was begun before the login is gone on with after it.
      if (current && !user) await library.change(current.id, { owner: username })
      store.update({ user: username })
      await library.list()
      await enter()
      return ""
    })
  }
  on("login", ask)
  on("logout", () => {
    endSession()
    location.assign("/")
  })
  const needed = (/** @type {Problem | null | undefined} */ problem) => problem?.key === "login" && ask()
  store.addEventListener("problem", () => needed(store.state.problem))
  store.addEventListener("message", (event) => {
    const id = /** @type {CustomEvent<string>} */ (event).detail
    needed(store.state.messages.find((message) => message.id === id)?.problem)
  })
  part(document, "enter").addEventListener("click", () => (isForOthers(store.state) ? ask() : enter()))
  store.watch(["phase", "place", "current"], showStart)
}

/** @param {State} state of a page that has no chat to show, or of another, for which nothing is said here */
function showStart(state) {
  const { phase, problem, current, place } = state
  const unreachable = phase === "unreachable"
  part(document, "start").hidden = !unreachable && (phase !== "ready" || current !== null || place?.groups.length !== 0)
  const title = unreachable && problem?.key !== "login" ? "start.unreachable" : isForOthers(state) ? "login.title" : "start.empty"
  const words = problem ? `problem.${problem.key}` : isForOthers(state) ? "login.words" : "start.empty-words"
  part(document, "start-title").textContent = t(title)
  part(document, "start-words").textContent = t(words)
  part(document, "start-detail").textContent = problem?.detail ?? ""
  part(document, "start-button").textContent = t(isForOthers(state) ? "login.enter" : "start.retry")
}

/** @param {State} state */
function isForOthers({ problem, place }) {
  return problem?.key === "login" || (place?.more ?? false)
}
