/** Which view the address names, so that each can be linked to and the browser's way back works. */

export const VIEWS = ["activations", "actions", "variables", "notices"]

/**
 * @param {string} hash such as `#/activations/<id>`
 * @returns {{ view: string, id: string }} the first view for an address that names none
 */
export function routeOf(hash) {
  const [, view = "", id = ""] = hash.split("/")
  return VIEWS.includes(view) ? { view, id: decoded(id) } : { view: "activations", id: "" }
}

/** @param {string} id as it stands in an address that anybody may have written */
function decoded(id) {
  try {
    return decodeURIComponent(id)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    return id
  }
}

/** @param {string} id of an activation @returns {string} */
export function linkTo(id) {
  return `#/activations/${encodeURIComponent(id)}`
}
