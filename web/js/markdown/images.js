/** Images of a reply: a button until somebody asks for one, because fetching it tells its server of the reader. */

import { t } from "../i18n.js"

const ON_THE_WEB = /^https?:\/\//i
const WITHIN = /^data:image\/(?:png|jpeg|gif|webp);base64,/i

/**
 * @param {string} source
 * @param {string} name what stands for the image where it is not seen
 * @returns {Node}
 */
export function imageNode(source, name) {
  if (WITHIN.test(source)) return shownImage(source, name)
  if (!ON_THE_WEB.test(source) || !URL.canParse(source)) return document.createTextNode(name)
  const button = document.createElement("button")
  button.type = "button"
  button.className = "image-gate"
  button.dataset.image = source
  button.dataset.name = name
  button.append(t(name ? "image.show-named" : "image.show", { name, host: new URL(source).host }))
  return button
}

/**
 * @param {string} source
 * @param {string} name
 */
export function shownImage(source, name) {
  const made = document.createElement("img")
  made.referrerPolicy = "no-referrer"
  made.src = source
  made.alt = name
  return made
}
