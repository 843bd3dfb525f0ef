/** The small dialogs, fetched when the first one opens. */

import { t } from "../i18n.js"
import { SHORTCUTS, keysOf } from "../shortcuts.js"
import { onSubmit, opened } from "./dialog.js"
import { part } from "./parts.js"

export function showHelp() {
  const dialog = opened("help")
  for (const shortcut of SHORTCUTS) part(dialog, "keys").append(...helpLine(keysOf(shortcut), t(shortcut.help)))
  part(dialog, "keys").append(...helpLine(["Enter"], t("keys.send")), ...helpLine(["Shift", "Enter"], t("keys.line")))
  part(dialog, "keys").append(...helpLine(["↑"], t("keys.edit")))
}

/**
 * @param {string[]} keys
 * @param {string} words
 */
function helpLine(keys, words) {
  const term = document.createElement("dt")
  for (const key of keys) {
    const cap = document.createElement("kbd")
    cap.textContent = key
    term.append(cap)
  }
  const meaning = document.createElement("dd")
  meaning.textContent = words
  return [term, meaning]
}

/**
 * @param {string} words
 * @param {string} value
 * @param {(value: string) => void} act
 */
export function askFor(words, value, act) {
  const dialog = opened("rename")
  const input = /** @type {HTMLInputElement} */ (dialog.querySelector("input"))
  part(dialog, "dialog-title").textContent = words
  input.value = value
  input.focus()
  input.select()
  onSubmit(dialog, () => {
    dialog.close()
    if (input.value.trim()) act(input.value.trim())
  })
}

/**
 * @param {string} words
 * @param {string} button
 * @param {() => void} act
 */
export function confirmThat(words, button, act) {
  const dialog = opened("confirm")
  part(dialog, "dialog-words").textContent = words
  part(dialog, "yes").textContent = button
  onSubmit(dialog, () => {
    dialog.close()
    act()
  })
}

/**
 * Ask for a login until it succeeds or the person gives up.
 *
 * @param {(username: string, password: string) => Promise<string>} attempt returns what went wrong, or ""
 */
export function showLogin(attempt) {
  if (document.querySelector("[data-login-form]")) return
  const dialog = opened("login")
  onSubmit(dialog, async (data) => {
    const problem = part(dialog, "login-problem")
    const button = part(dialog, "login", HTMLButtonElement)
    button.disabled = true
    problem.textContent = await attempt(String(data.get("username")), String(data.get("password")))
    button.disabled = false
    if (problem.textContent) dialog.querySelector("input")?.focus()
    else dialog.close()
  })
}
