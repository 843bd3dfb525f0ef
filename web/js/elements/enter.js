/** What is sent from a box, and when Enter sends it. */

/** What `keyCode` says while an input method composes, in browsers that end composition before the key. */
const COMPOSING_KEY = 229

/**
 * @param {KeyboardEvent} event
 * @returns {boolean} Enter alone, in a text, while no input method is using it
 */
export function isSending(event) {
  const inText = event.target instanceof HTMLTextAreaElement
  return inText && event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== COMPOSING_KEY
}

/**
 * @param {HTMLTextAreaElement} box
 * @returns {string} what it holds, without empty lines around it; blanks before the first word belong to that
 */
export function writtenIn({ value }) {
  return value.replace(/^(?:[^\S\n]*\n)+/, "").trimEnd()
}
