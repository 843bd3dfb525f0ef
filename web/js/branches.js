/**
 * The ways a conversation took. Each message names the one it follows as its `parent`, so what was asked or
 * answered again stands beside what it was said instead of; the transcript shows one way through them.
 */

/** @import { Message } from "./state.js" */

/**
 * @param {Message[]} messages of one conversation, those with the same parent in the order they were written
 * @param {string} through id of a message that is to be on the way; unknown: the newest way
 * @returns {Message[]} from the first message through that one, and on along the newest
 */
export function wayThrough(messages, through) {
  const known = new Map(messages.map((message) => [message.id, message]))
  const newest = new Map(messages.map((message) => [message.parent, message]))
  const way = []
  for (let at = known.get(through); at; at = known.get(at.parent)) way.unshift(at)
  for (let at = newest.get(way.at(-1)?.id ?? ""); at; at = newest.get(at.id)) way.push(at)
  return way
}

/**
 * @param {Message[]} messages
 * @param {Message} message
 * @returns {Message[]} what was said at this place of the conversation, oldest first; only the message itself
 *   when it was said once
 */
export function versionsOf(messages, { id, parent, from }) {
  const versions = messages.filter((other) => other.parent === parent && other.from === from)
  return versions.some((version) => version.id === id) ? versions : []
}

/**
 * Pages before this one kept one way only.
 *
 * @param {Message[]} messages in order
 * @returns {Message[]}
 */
export function withParents(messages) {
  return messages.map((message, at) => ({ ...message, parent: message.parent ?? messages[at - 1]?.id ?? "" }))
}

/**
 * @param {Message[]} messages of one conversation
 * @returns {Message[]} the same array, sorted
 */
export function inOrder(messages) {
  return messages.sort((one, other) => one.place - other.place || one.at - other.at)
}
