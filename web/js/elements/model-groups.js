/** The models of each server, as buttons to choose one by. */

import { isSameModel } from "../dialogue.js"
import { t } from "../i18n.js"
import { wish } from "./parts.js"

/** @import { Server } from "../state.js" */

/**
 * @param {Server[]} servers
 * @param {string} chosen the model that answers now
 * @returns {HTMLElement[]} a group for each server
 */
export function modelGroups(servers, chosen) {
  return servers.map((server) => group(server, servers.length > 1, chosen))
}

/**
 * @param {Server} server
 * @param {boolean} isOneOfSeveral so that it needs its name
 * @param {string} chosen
 */
function group({ title, isLocal, models, more, fault }, isOneOfSeveral, chosen) {
  const element = document.createElement("div")
  element.setAttribute("role", "group")
  element.setAttribute("aria-label", title)
  if (isOneOfSeveral) element.append(line("menu__group", title))
  if (!isLocal) element.append(line("menu__note menu__detail", t("model.leaves")))
  if (fault && isOneOfSeveral) element.append(line("menu__note menu__detail", fault))
  element.append(...models.map((name) => option(name, isSameModel(name, chosen))))
  if (more > 0) element.append(line("menu__note menu__detail", t("model.more", { count: String(more) })))
  return element
}

/**
 * @param {string} name
 * @param {boolean} isChosen
 */
function option(name, isChosen) {
  const button = document.createElement("button")
  button.type = "button"
  button.className = "menu__item"
  button.textContent = name
  button.setAttribute("aria-pressed", String(isChosen))
  button.addEventListener("click", () => wish(button, "model-pick", name))
  return button
}

/**
 * @param {string} look
 * @param {string} words
 */
function line(look, words) {
  const paragraph = document.createElement("p")
  paragraph.className = look
  paragraph.textContent = words
  return paragraph
}
