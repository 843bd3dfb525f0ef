/** What a whole answer holds besides text: a form, options, things for the display area. */

const NOT_DATA = new Set(["output", "thinking", "state", "streaming", "metrics", "error", "login"])

/**
 * @typedef {{ name: string, label: string, type: string, required: boolean, options: string[] }} Field
 */

/**
 * @param {unknown} output of an action, which should be text
 * @returns {string} it, or what else was given as JSON, so that whoever writes the action sees it
 */
export function textIn(output) {
  if (output === undefined || output === null) return ""
  return typeof output === "string" ? output : JSON.stringify(output)
}

/**
 * An output that is JSON text with `options` offers these as buttons.
 *
 * @param {Record<string, unknown>} answer
 * @returns {{ text: string, data: Record<string, unknown> }}
 */
export function contentOf(answer) {
  const output = textIn(answer.output)
  const data = Object.fromEntries(Object.entries(answer).filter(([name]) => !NOT_DATA.has(name)))
  const offer = offerIn(output)
  return offer ? { text: offer.text, data: { ...data, options: offer.options } } : { text: output, data }
}

/**
 * @param {Record<string, unknown>} data
 * @returns {string[]}
 */
export function optionsIn({ options }) {
  return wordsOf(options)
}

/**
 * @param {Record<string, unknown>} data
 * @returns {Field[]}
 */
export function fieldsIn({ form }) {
  return Array.isArray(form) ? form.filter((field) => typeof field?.name === "string").map(fieldOf) : []
}

/**
 * @param {Record<string, unknown>} data
 * @returns {Record<string, unknown>} what belongs to the display area
 */
export function exhibitIn({ form: _form, options: _options, ...exhibit }) {
  return exhibit
}

/** @param {Record<string, unknown>} field */
function fieldOf({ name, label, type, required, options }) {
  return {
    name: String(name),
    label: String(label ?? name),
    type: String(type ?? "text"),
    required: required === true || required === "true",
    options: wordsOf(options),
  }
}

/** @param {unknown} options */
function wordsOf(options) {
  return Array.isArray(options) ? options.map(textIn).filter(Boolean) : []
}

/** @param {string} output */
function offerIn(output) {
  if (!output.trimStart().startsWith("{")) return null
  try {
    const { options, message, output: text } = JSON.parse(output)
    return Array.isArray(options) ? { options, text: String(message ?? text ?? "") } : null
  } catch {
    return null
  }
}
