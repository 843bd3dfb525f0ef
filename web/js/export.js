/** A conversation as a file. */

/** @import { Conversation, Message } from "./state.js" */

/**
 * @param {Conversation} conversation
 * @param {Message[]} messages
 * @param {string} you what the person is called in the text
 * @returns {string}
 */
export function markdownOf(conversation, messages, you) {
  const parts = messages.map(({ from, text, thinking, figures }) => {
    const author = from === "user" ? you : [conversation.name, figures?.model].filter(Boolean).join(", ")
    return [`## ${author}`, thinking && quoted(thinking), text].filter(Boolean).join("\n\n")
  })
  return `${[`# ${titleOrName(conversation)}`, ...parts].join("\n\n")}\n`
}

/**
 * @param {Conversation} conversation
 * @param {Message[]} messages
 * @param {Message[]} others what was said instead of some of them, and what followed that
 * @returns {string} where each message names the one it follows as `parent`
 */
export function jsonOf({ id, action, name, title, at, settings }, messages, others) {
  const head = { id, action, name, title, at: new Date(at).toISOString(), settings }
  const data = { ...head, messages: messages.map(plain), otherVersions: others.map(plain) }
  return `${JSON.stringify(data, null, 2)}\n`
}

/** @param {Message} message */
function plain({ id, parent, from, text, thinking, at, status, figures }) {
  return {
    id,
    parent,
    role: from,
    content: text,
    ...(thinking && { thinking }),
    at: new Date(at).toISOString(),
    status,
    ...(figures && { figures }),
  }
}

const LONG_ENOUGH_MS = 60_000

/**
 * @param {string} name
 * @param {string} type
 * @param {string} content
 */
export function save(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }))
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  // Some browsers begin to read only after this.
  setTimeout(() => URL.revokeObjectURL(url), LONG_ENOUGH_MS)
}

/**
 * @param {Conversation} conversation
 * @param {string} extension
 */
export function fileName(conversation, extension) {
  const words = titleOrName(conversation).normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "-")
  return `${words.replace(/^-+|-+$/g, "").toLowerCase() || "chat"}.${extension}`
}

/** @param {Conversation} conversation */
function titleOrName({ title, name }) {
  return title || name
}

/** @param {string} text */
function quoted(text) {
  return text
    .trim()
    .split("\n")
    .map((line) => `> ${line}`.trimEnd())
    .join("\n")
}
