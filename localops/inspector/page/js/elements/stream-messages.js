/** @import { Message, Stream } from "../api.js" */
/** @import { Child } from "../nodes.js" */

import { counted, offset } from "../format.js"
import { h, svg } from "../nodes.js"
import { table, valueNode } from "./table.js"

const WIDTH = 1000
const HEIGHT = 28
const MAX_BYTES = 2048
// Of a longer message the server sends so many characters, and a mark that there is more.
const MAX_CHARACTERS = 2000

/**
 * What an action sent: when, how much, and what production's reads do to it.
 *
 * @param {Stream} stream
 * @returns {Child[]}
 */
export function streamNodes(stream) {
  const numbers = [counted(stream.count, "message"), counted(stream.bytes, "byte"), counted(stream.reads, "read")]
  const state = stream.ended === null ? "open" : `ended after ${offset(stream.ended)}`
  const title = h("h3", { class: "detail__heading" }, "Stream ", h("span", { class: "note" }, [...numbers, state].join(" · ")))
  if (!stream.messages.length) return [title, h("p", { class: "note" }, "Nothing was sent.")]
  return [title, timeline(stream), messageTable(stream), ...leftOut(stream)]
}

/** @param {Stream} stream */
function timeline(stream) {
  const end = stream.ended ?? stream.messages.at(-1)?.at ?? 0
  const ticks = stream.messages.map((message) =>
    svg("rect", {
      class: "timeline__tick",
      x: ((WIDTH - 3) * message.at) / Math.max(end, 1),
      y: 4,
      width: 2,
      height: HEIGHT - 8,
      "data-marked": marksOf(message).length > 0,
    }),
  )
  const attributes = { class: "timeline", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": true }
  return svg("svg", attributes, ...ticks)
}

/** @param {Stream} stream */
function messageTable(stream) {
  const columns = /** @type {[string, string][]} */ ([["After", "number"], ["Gap", "number"], ["Bytes", "number"], ["Message", "value"]])
  const rows = stream.messages.map((message, at) => [
    offset(message.at),
    at ? `${Math.round(message.at - /** @type {Message} */ (stream.messages[at - 1]).at)} ms` : "",
    message.size.toLocaleString(),
    h("div", {}, ...marksOf(message).map((mark) => h("span", { class: "tag", "data-look": "warn" }, mark)), valueNode(message.text, summaryOf(message))),
  ])
  return table("Messages", columns, rows)
}

/**
 * What production's reads, of at most 2048 bytes, do to a message.
 *
 * @param {Message} message
 * @returns {string[]}
 */
export function marksOf(message) {
  return [
    message.isObject ? "" : "no JSON object",
    message.size > MAX_BYTES ? "too long" : "",
    message.cuts ? `cut ${counted(message.cuts, "time")}` : "",
    message.together > 1 ? `${message.together} in one read` : "",
  ].filter(Boolean)
}

/** @param {Message} message */
function summaryOf({ text }) {
  return text.length > MAX_CHARACTERS ? `the first ${MAX_CHARACTERS.toLocaleString()} characters` : undefined
}

/** @param {Stream} stream @returns {Child[]} */
function leftOut(stream) {
  const more = stream.count - stream.messages.length
  return [
    more > 0 && h("p", { class: "note" }, `Not kept: ${counted(more, "further message")}.`),
    stream.unexamined > 0 && h("p", { class: "note" }, `Too fast to be examined: ${counted(stream.unexamined, "byte")}.`),
  ]
}
