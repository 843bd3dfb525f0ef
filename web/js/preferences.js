/**
 * What a person prefers in this browser: theme, size of the text, language. `first-paint.js` applies the
 * first two before anything is painted.
 */

/** @typedef {{ theme: "" | "light" | "dark", text: "" | "small" | "large" | "larger", language: string }} Preferences */

const KEY = "mastrogpt-preferences"
/** @type {Preferences} */
const DEFAULTS = { theme: "", text: "", language: "" }

/** @returns {Preferences} */
export function preferences() {
  return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") }
}

/** @param {Partial<Preferences>} changes */
export function prefer(changes) {
  const chosen = { ...preferences(), ...changes }
  localStorage.setItem(KEY, JSON.stringify(chosen))
  document.documentElement.dataset.theme = chosen.theme
  document.documentElement.dataset.text = chosen.text
}
