/**
 * Whether the model server answers, and with which models: what `@` says in the chats that choose models.
 */

import { ApiError } from "./http.js"
import { t } from "./i18n.js"

/** @import { Api } from "./api.js" */
/** @import { Health, Store } from "./store.js" */

const LOOK_EVERY_MS = 60_000
/** The actions that list models, best first. */
const ASKED = ["chat/assistant", "chat/stateless"]

/**
 * Looks now, whenever a reply fails or a person looks, and now and then while the page is in sight.
 *
 * @param {Api} api
 * @param {Store} store
 */
export function watchHealth(api, store) {
  const look = async () => {
    const action = ASKED.find((url) => isDeployed(store, url))
    if (action && !document.hidden) store.update({ health: await healthOf(api, action) })
  }
  store.addEventListener("place", look)
  store.addEventListener("message", (event) => {
    const id = /** @type {CustomEvent<string>} */ (event).detail
    if (store.state.messages.some((message) => message.id === id && message.status === "failed")) look()
  })
  document.addEventListener("health-look", look)
  addEventListener("online", look)
  setInterval(look, LOOK_EVERY_MS)
}

/**
 * @param {Api} api
 * @param {string} action
 * @returns {Promise<Health>}
 */
async function healthOf(api, action) {
  try {
    const answer = await api.ask(action, { input: "@", metrics: true })
    if (answer.login === true) return { ok: null, reason: "", models: [], action }
    const models = Array.isArray(answer.models) ? answer.models.map(String) : []
    const reason = typeof answer.output === "string" ? answer.output : ""
    return models.length > 0 ? { ok: true, reason: "", models, action } : { ok: false, reason, models, action }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { ok: false, reason: reasonOf(error), models: [], action }
  }
}

/**
 * @param {ApiError} error
 * @returns {string} for people
 */
export function reasonOf({ problem: { key, detail } }) {
  return `${t(`problem.${key}`)} ${detail}`.trim()
}

/**
 * @param {Store} store
 * @param {string} url
 */
function isDeployed(store, url) {
  return store.state.place?.groups.some(({ services }) => services.some((service) => service.url === url)) ?? false
}
