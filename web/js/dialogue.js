/** What of a conversation is sent with the next message. */

/** @import { Message, Picked, Settings } from "./state.js" */

/** Requests of OpenServerless hold 1 MiB; a character can take six bytes. */
const MAX_CHARACTERS = 120_000

/**
 * @param {Message[]} messages before the new one
 * @param {Settings} settings
 * @returns {{ role: "system" | "user" | "assistant", content: string }[]} the newest that fit, in order; a question
 *   without an answer is left out
 */
export function historyOf(messages, { system }) {
  const failed = new Set(messages.filter(({ status }) => status === "failed").map(({ parent }) => parent))
  const turns = messages
    .filter(({ id, opening, text, status }) => !opening && text && status !== "failed" && !failed.has(id))
    .map(({ from, text }) => ({ role: from, content: text }))
  while (turns.reduce((sum, { content }) => sum + content.length, 0) > MAX_CHARACTERS) turns.shift()
  return system ? [{ role: "system", content: system }, ...turns] : turns
}

/** @param {Settings} settings */
export function optionsOf({ temperature, maxTokens }) {
  return {
    ...(temperature === null ? {} : { temperature }),
    ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
  }
}

/**
 * @param {Message[]} messages
 * @param {Picked} picked
 * @returns {string} what the last reply that arrived gave, unless a model was picked after it
 */
export function stateOf(messages, picked) {
  const last = messages.findLast(({ from, status }) => from === "assistant" && !UNANSWERED.has(status))
  return picked.place > (last?.place ?? -1) ? picked.state : (last?.state ?? "")
}

/** As in Ollama: [host/][namespace/]model:tag. Behind a blank, because a state may begin with other things. */
const MODEL = /(?:^|\s)([\w./@-]+:[\w.-]+)$/

/**
 * @param {string} state of an action
 * @returns {string} the model that it names if the action chooses models, or ""
 */
export function modelIn(state) {
  return MODEL.exec(state)?.[1] ?? ""
}

/**
 * @param {string} name with its provider's or without
 * @param {string} chosen as the action or a server says it
 */
export function isSameModel(name, chosen) {
  return name === chosen || (chosen !== "" && name.endsWith(`/${chosen}`))
}

const UNANSWERED = new Set(["waiting", "streaming", "failed"])
const MAX_TITLE = 60

/**
 * @param {string} text a first message
 * @returns {string} its first line, cut at a word
 */
export function titleOf(text) {
  const line = text.trim().split("\n")[0] ?? ""
  if (line.length <= MAX_TITLE) return line
  return `${line.slice(0, MAX_TITLE).replace(/\s+\S*$/, "")}…`
}
