/**
 * What the page knows, as types alone: no module fetches this one.
 */

/** @import { Problem } from "./http.js" */
/** @import { Place } from "./place.js" */

/**
 * Figures of one reply. `measured` tells that the page counted the rate, because the action gave none; `cut`
 * that the reply ended because of its length. `provider` is whose model answered, `insteadOf` who could not.
 *
 * @typedef {{ model: string, tokens: number, firstTokenMs: number, tokensPerSecond: number, measured: boolean, cut: boolean, provider?: string, insteadOf?: string[] }} Figures
 *
 * `waiting` until the first text, then `streaming`, then one of the four ends.
 *
 * @typedef {"waiting" | "streaming" | "done" | "stopped" | "interrupted" | "failed"} Status
 *
 * @typedef {{
 *   id: string,
 *   conversation: string,
 *   parent: string,
 *   place: number,
 *   from: "user" | "assistant",
 *   at: number,
 *   text: string,
 *   input: unknown,
 *   thinking: string,
 *   thinkingMs: number,
 *   status: Status,
 *   opening: boolean,
 *   problem: Problem | null,
 *   figures: Figures | null,
 *   state: string,
 *   lost: number,
 *   data: Record<string, unknown>,
 * }} Message
 * `parent` is the id of the message that this one follows, "" for the first; `place` is how many are before it.
 * `input` is what was sent where `text` shows it: the same text, or what a form held. `opening` marks the greeting
 * of an action, which is not part of the dialogue. `state` is what the action returned with the message. `lost` counts objects the stream damaged. `data` is what the answer
 * held besides text: `form` and what the display area shows.
 *
 * @typedef {{ system: string, temperature: number | null, maxTokens: number | null }} Settings
 *
 * The model that was chosen before the message at `place`, and the state that makes the action use it.
 *
 * @typedef {{ model: string, state: string, place: number }} Picked
 *
 * @typedef {{
 *   id: string,
 *   action: string,
 *   name: string,
 *   owner: string,
 *   title: string,
 *   at: number,
 *   streaming: boolean,
 *   through: string,
 *   settings: Settings,
 *   picked: Picked,
 * }} Conversation
 * `picked` is the model that a person chose. `name` is the menu's name of the action; `owner` is who was logged in,
 * or ""; `streaming` is what the action last asked for; `through` is a message on the way that is shown
 * (`branches.js`).
 *
 * One model server: its models by the names that choose them, how many more it has, and why it does not answer.
 *
 * @typedef {{ title: string, isLocal: boolean, models: string[], more: number, fault: string }} Server
 *
 * @typedef {{ ok: boolean | null, reason: string, models: string[], servers: Server[], action: string }} Health
 * `ok` is null as long as nobody knows; `action` is the one that was asked, "" for none.
 *
 * @typedef {{
 *   phase: "starting" | "ready" | "unreachable",
 *   problem: Problem | null,
 *   place: Place | null,
 *   user: string,
 *   conversations: Conversation[],
 *   current: Conversation | null,
 *   tree: Message[],
 *   messages: Message[],
 *   silent: string,
 *   unkept: ("conversations" | "settings" | "login")[],
 *   formats: boolean,
 *   health: Health,
 * }} State
 * `silent` is the running reply for which nothing has come for a while, or "". `unkept` is what this browser
 * does not keep, `formats` whether replies are formatted. `user` is who is logged in, or "". `tree` holds all that is
 * kept of `current`; `messages` are those of them that are shown, in order, and the greeting.
 *
 * @typedef {{ id: string, text: string, thinking: string }} Delta
 */

export {}
