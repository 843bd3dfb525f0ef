/** The dialogs, fetched when the first one opens. Each closes with Esc and gives the focus back. */

import { t } from "../i18n.js"
import { preferences } from "../preferences.js"
import { SHORTCUTS, keysOf } from "../shortcuts.js"
import { fromTemplate, part, wish } from "./parts.js"

/** @import { Preferences } from "../preferences.js" */
/** @import { Settings } from "../store.js" */

/**
 * @param {string} template
 * @returns {HTMLDialogElement} open
 */
function opened(template) {
  const dialog = document.createElement("dialog")
  dialog.className = "dialog"
  dialog.append(fromTemplate(template))
  const title = part(dialog, "dialog-title")
  dialog.setAttribute("aria-label", title.textContent ?? "")
  dialog.addEventListener("close", () => {
    dialog.remove()
    // It opened by itself, or what opened it is gone.
    if (document.activeElement === document.body) wish(document, "focus-composer", true)
  })
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close())
  for (const button of dialog.querySelectorAll("[data-close]")) button.addEventListener("click", () => dialog.close())
  document.body.append(dialog)
  dialog.showModal()
  return dialog
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {(data: FormData) => void} act
 */
function onSubmit(dialog, act) {
  const form = dialog.querySelector("form")
  form?.addEventListener("submit", (event) => {
    event.preventDefault()
    act(new FormData(form))
  })
}

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
 * @param {Settings} settings
 * @param {(settings: Settings) => void} changed
 * @param {(preferences: Partial<Preferences>) => void} preferred
 */
export function showSettings(settings, changed, preferred) {
  const dialog = opened("settings")
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"))
  fill(form, { ...settings, ...preferences() })
  onSubmit(dialog, () => dialog.close())
  form.addEventListener("change", (event) => {
    const { name, value } = /** @type {HTMLInputElement} */ (event.target)
    if (PREFERENCES.has(name)) preferred({ [name]: value })
    else if (form.reportValidity()) changed(settingsIn(new FormData(form)))
  })
}

const PREFERENCES = new Set(["theme", "text", "language"])

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, unknown>} values
 */
function fill(form, values) {
  for (const [name, value] of Object.entries(values)) {
    const control = form.elements.namedItem(name)
    if (control && "value" in control) control.value = String(value ?? "")
  }
}

/**
 * @param {FormData} data
 * @returns {Settings}
 */
function settingsIn(data) {
  return {
    system: String(data.get("system") ?? "").trim(),
    temperature: numberIn(data.get("temperature")),
    maxTokens: numberIn(data.get("maxTokens")),
  }
}

/** @param {FormDataEntryValue | null} value */
function numberIn(value) {
  return value === null || value === "" ? null : Number(value)
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
 * Asks for a login until it succeeds or the person gives up.
 *
 * @param {(username: string, password: string) => Promise<string>} attempt gives what went wrong, or ""
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
