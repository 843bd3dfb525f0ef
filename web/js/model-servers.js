/** The model servers of a chat, as it tells them to whoever lists its models. */

/** @import { Server } from "./state.js" */

/**
 * @param {any[]} providers of an answer to `@`
 * @returns {Server[]}
 */
export function serversIn(providers) {
  return providers.map((each) => {
    const models = Array.isArray(each.models) ? each.models.map(String) : []
    return {
      title: String(each.title ?? ""),
      isLocal: each.is_local === true,
      models: models.map((/** @type {string} */ model) => (providers.length > 1 ? `${each.name}/${model}` : model)),
      more: Math.max(0, (Number(each.count) || 0) - models.length),
      fault: typeof each.fault === "string" ? each.fault : "",
    }
  })
}
