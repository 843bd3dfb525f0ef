/**
 * Bytes of a streamed answer to frames.
 *
 * An action writes JSON objects back to back. The relay in between knows nothing of objects: it
 * forwards whatever one read gave and puts a raw newline after it, so a newline may stand between two
 * objects, inside one, or inside one character. JSON allows no raw newline within a string, hence every
 * newline inside an object was inserted on the way and is dropped, on the bytes, before they are decoded.
 * A relay under load may also overwrite part of an object; the reader then drops that object only.
 */

import { ByteBuffer } from "./byte-buffer.js"
import { AFTER_CLOSE, AFTER_LIST, AFTER_LITERAL, AFTER_OPEN, AFTER_STRING, FOLLOWERS } from "./json-bytes.js"
import { BACKSLASH, BLANK, NEWLINE, OPEN, QUOTE } from "./json-bytes.js"

/**
 * What the stream carried, in order.
 *
 * - `message`: one whole JSON object.
 * - `text`: a line that belongs to no object, for instance an error of the relay.
 * - `damaged`: an object that cannot be read and was skipped.
 * - `cut`: the stream ended inside an object.
 *
 * @typedef {{ kind: "message", message: Record<string, unknown> }
 *   | { kind: "text", text: string }
 *   | { kind: "damaged" }
 *   | { kind: "cut" }} Frame
 */

/** A longer line is a flood rather than a line, and its beginning tells what it is. */
const MAX_LINE = 16_384
/** Nor does one that is nested deeper come from an action: what reads it further on would run out of stack. */
const MAX_DEPTH = 500
/** A longer object does not end. */
const MAX_OBJECT = 32 << 20
const CONTROLS = /[\u0000-\u001f\u007f]+/g

/**
 * Cut a byte stream into frames, one byte at a time, so that its cost grows with the bytes alone.
 */
export class FrameDecoder {
  /** Of the object or of the line being read. */
  #bytes = new ByteBuffer()
  /** Brackets open in the object being read; 0 means between objects. */
  #depth = 0
  #inString = false
  #escaped = false
  #mayFollow = AFTER_OPEN
  /** After a broken object, until the next one begins. */
  #skipping = false
  /** @type {Frame[]} */
  #frames = []

  /**
   * @param {Uint8Array} chunk
   * @returns {Frame[]} what this chunk completed, in order
   */
  push(chunk) {
    for (const byte of chunk) this.#take(byte)
    if (this.#depth === 0 && this.#bytes.length > MAX_LINE) this.#endLine()
    if (this.#depth > 0 && this.#bytes.length > MAX_OBJECT) this.#skip()
    return this.#taken()
  }

  /** @returns {Frame[]} what the end of the stream completed */
  end() {
    if (this.#depth > 0) {
      this.#frames.push({ kind: "cut" })
      this.#restart()
    }
    this.#endLine()
    return this.#taken()
  }

  #taken() {
    const frames = this.#frames
    this.#frames = []
    return frames
  }

  /** @param {number} byte */
  #take(byte) {
    if (this.#depth === 0) this.#between(byte)
    else if (byte === NEWLINE) return
    else if (this.#inString) this.#quoted(byte)
    else this.#structure(byte)
  }

  /** @param {number} byte */
  #between(byte) {
    if (byte === OPEN) {
      this.#endLine()
      this.#skipping = false
      this.#mayFollow = AFTER_OPEN
      this.#depth = 1
      this.#bytes.push(byte)
    } else if (byte === NEWLINE) {
      this.#endLine()
    } else if (!this.#skipping) {
      this.#bytes.push(byte)
    }
  }

  #endLine() {
    const text = this.#bytes.take().replace(CONTROLS, " ").trim()
    if (text) this.#frames.push({ kind: "text", text })
  }

  /** @param {number} byte */
  #quoted(byte) {
    this.#bytes.push(byte)
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) {
      this.#inString = false
      this.#mayFollow = AFTER_STRING
    }
  }

  /** @param {number} byte */
  #structure(byte) {
    if (BLANK.has(byte)) return
    if (!this.#mayFollow.has(byte)) return this.#resume(byte)
    this.#bytes.push(byte)
    this.#mayFollow = FOLLOWERS.get(byte) ?? AFTER_LITERAL
    if (byte === QUOTE) this.#inString = true
    else if (this.#mayFollow === AFTER_OPEN || this.#mayFollow === AFTER_LIST) this.#deeper()
    else if (this.#mayFollow === AFTER_CLOSE && --this.#depth === 0) this.#endObject()
  }

  #deeper() {
    if (++this.#depth > MAX_DEPTH) this.#skip()
  }

  #endObject() {
    const message = parsed(this.#bytes.take())
    this.#frames.push(message ? { kind: "message", message } : { kind: "damaged" })
    this.#restart()
  }

  /**
   * The object is broken at this byte. A new one may have begun here, or one byte and a quote earlier
   * when the break fell inside a string: `{"output":"lost{"output":"kept"}`.
   *
   * @param {number} byte
   */
  #resume(byte) {
    const begunInside = this.#mayFollow === AFTER_STRING && this.#bytes.at(-2) === OPEN
    this.#skip()
    for (const again of begunInside ? [OPEN, QUOTE, byte] : [byte]) this.#take(again)
  }

  #skip() {
    this.#frames.push({ kind: "damaged" })
    this.#restart()
    this.#skipping = true
  }

  #restart() {
    this.#bytes.clear()
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
  }
}

/**
 * @param {string} text
 * @returns {Record<string, unknown> | null}
 */
function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
