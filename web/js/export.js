/** A conversation as a file. */

/** @import { Conversation, Message } from "./store.js" */

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
 * @returns {string}
 */
export function jsonOf({ id, action, name, title, at, settings }, messages) {
  const plain = messages.map((message) => ({
    role: message.from,
    content: message.text,
    ...(message.thinking && { thinking: message.thinking }),
    at: new Date(message.at).toISOString(),
    status: message.status,
    ...(message.figures && { figures: message.figures }),
  }))
  const head = { id, action, name, title, at: new Date(at).toISOString(), settings }
  return `${JSON.stringify({ ...head, messages: plain }, null, 2)}\n`
}

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
  URL.revokeObjectURL(url)
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
