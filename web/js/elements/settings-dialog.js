/** Settings of the open conversation and of this browser. They take effect at once. */

import { preferences } from "../preferences.js"
import { onSubmit, opened } from "./dialog.js"

/** @import { Preferences } from "../preferences.js" */
/** @import { Settings } from "../state.js" */

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
