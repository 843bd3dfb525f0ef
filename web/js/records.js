/** New conversations and messages. */

import { newId } from "./ids.js"

/** @import { Service } from "./place.js" */
/** @import { Conversation, Message } from "./state.js" */

/**
 * @param {Service} service
 * @param {string} owner who is logged in
 * @returns {Conversation}
 */
export function newConversation({ name, url }, owner) {
  return {
    id: newId(),
    action: url,
    name,
    owner,
    title: "",
    at: Date.now(),
    streaming: false,
    through: "",
    settings: { system: "", temperature: null, maxTokens: null },
    picked: { model: "", state: "", place: -1 },
  }
}

/**
 * @param {Partial<Message>} parts
 * @returns {Message}
 */
export function newMessage(parts) {
  return {
    id: newId(),
    conversation: "",
    parent: "",
    place: 0,
    from: "assistant",
    at: Date.now(),
    text: "",
    input: "",
    thinking: "",
    thinkingMs: 0,
    status: "waiting",
    opening: false,
    problem: null,
    figures: null,
    state: "",
    lost: 0,
    data: {},
    ...parts,
  }
}
