/** Getting in: when the deployment asks for a login, and when it does not answer. */

import { ApiError } from "../http.js"
import { part } from "../elements/parts.js"
import { t } from "../i18n.js"
import { endSession, keepSession } from "../session.js"
import { on } from "./page.js"

/** @import { Problem } from "../http.js" */
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
        return t(`problem.${error.problem.key}`)
      }
      keepSession({ user: username, token: api.token })
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
  part(document, "enter").addEventListener("click", enter)
  store.watch(["phase"], ({ phase, problem }) => {
    part(document, "unreachable").hidden = phase !== "unreachable"
    part(document, "unreachable-title").textContent = t(problem?.key === "login" ? "login.title" : "start.unreachable")
    part(document, "unreachable-words").textContent = problem ? t(`problem.${problem.key}`) : ""
    part(document, "unreachable-detail").textContent = problem?.detail ?? ""
  })
}
