/**
 * Whether the model server answers, and with which models: what `@` says in the chats that choose models.
 *
 * To any other chat `@` would be a message, and an answer to it costs whoever pays for the model. The ones that
 * choose models say so: their figures name a provider, with the greeting already, or the state that they give ends
 * in a model's name.
 */

import { modelIn, stateOf } from "./dialogue.js"
import { ApiError } from "./http.js"
import { t } from "./i18n.js"
import { UNKNOWN_HEALTH, isRunning } from "./store.js"

/** @import { Api } from "./api.js" */
/** @import { Health, Server } from "./state.js" */
/** @import { Store } from "./store.js" */

const LOOK_EVERY_MS = 60_000

/**
 * Look as soon as the open chat has said that it chooses models, whenever a reply fails or a person looks, and now
 * and then while the page is in sight.
 *
 * @param {Api} api
 * @param {Store} store
 */
export function watchHealth(api, store) {
  const look = async () => {
    const action = choosingAction(store)
    if (!action || document.hidden) return
    const health = await healthOf(api, action)
    if (store.state.current?.action === action) store.update({ health })
  }
  const lookAtNew = () => {
    const action = choosingAction(store)
    if (action === store.state.health.action) return
    store.update({ health: { ...UNKNOWN_HEALTH, action } })
    look()
  }
  store.addEventListener("place", look)
  store.addEventListener("messages", lookAtNew)
  store.addEventListener("message", (event) => {
    const id = /** @type {CustomEvent<string>} */ (event).detail
    const message = store.state.messages.find((candidate) => candidate.id === id)
    if (message && !isRunning(message)) lookAtNew()
    if (message?.status === "failed") look()
  })
  document.addEventListener("health-look", look)
  addEventListener("online", look)
  setInterval(look, LOOK_EVERY_MS)
}

/**
 * @param {Store} store
 * @returns {string} the action of the open chat if it chooses models, or ""
 */
function choosingAction({ state: { current, messages } }) {
  const says = messages.some(({ figures }) => figures?.provider)
  return current && (says || modelIn(stateOf(messages, current.picked))) ? current.action : ""
}

/**
 * @param {Api} api
 * @param {string} action
 * @returns {Promise<Health>}
 */
async function healthOf(api, action) {
  try {
    const answer = await api.ask(action, { input: "@", metrics: true })
    if (answer.login === true) return { ...UNKNOWN_HEALTH, action }
    const models = Array.isArray(answer.models) ? answer.models.map(String) : []
    const reason = typeof answer.output === "string" ? answer.output : ""
    const ok = models.length > 0
    return { ok, reason: ok ? "" : reason, models, servers: await serversOf(answer.providers), action }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { ok: false, reason: reasonOf(error), models: [], servers: [], action }
  }
}

/**
 * @param {unknown} providers of an answer to `@`
 * @returns {Promise<Server[]>} none where the action tells only the models
 */
async function serversOf(providers) {
  return Array.isArray(providers) ? (await import("./model-servers.js")).serversIn(providers) : []
}

/**
 * @param {ApiError} error
 * @returns {string} for people
 */
export function reasonOf({ problem: { key, detail } }) {
  return `${t(`problem.${key}`)} ${detail}`.trim()
}
