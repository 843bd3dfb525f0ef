/**
 * What a person prefers in this browser: theme, size of the text, language. `first-paint.js` applies the
 * first two before anything is painted.
 */

import { browserStorage } from "./browser-storage.js"

/** @typedef {{ theme: "" | "light" | "dark", text: "" | "small" | "large" | "larger", language: string }} Preferences */

const KEY = "mastrogpt-preferences"
/** @type {Preferences} */
const DEFAULTS = { theme: "", text: "", language: "" }

/** @returns {Preferences} */
export function preferences() {
  return { ...DEFAULTS, ...browserStorage.get(KEY) }
}

/**
 * @param {Partial<Preferences>} changes
 * @returns {boolean} whether the browser keeps them
 */
export function prefer(changes) {
  const chosen = { ...preferences(), ...changes }
  document.documentElement.dataset.theme = chosen.theme
  document.documentElement.dataset.text = chosen.text
  return browserStorage.set(KEY, chosen)
}
