/**
 * Bytes of a streamed answer to frames.
 *
 * An action writes JSON objects back to back. The relay in between knows nothing of objects: it
 * forwards whatever one read gave and puts a raw newline after it, so a newline may stand between two
 * objects, inside one, or inside one character. JSON allows no raw newline within a string, hence every
 * newline inside an object was inserted on the way and is dropped, on the bytes, before they are decoded.
 * A relay under load may also overwrite part of an object; the reader then drops that object only.
 */

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

const NEWLINE = 0x0a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x7b

const BLANK = bytes(" \t\r")
const LITERAL = bytes("truefalsn0123456789+-.eE")
const VALUE = bytes('"{[-0123456789tfn')

/**
 * What may follow what within an object, blanks apart. A byte that may not tells at once that the object
 * is broken, so that it cannot swallow the ones behind it.
 */
const AFTER_OPEN = bytes('"}')
const AFTER_LIST = new Set([...VALUE, ...bytes("]")])
const AFTER_STRING = bytes(",:}]")
const AFTER_CLOSE = bytes(",}]")
const AFTER_LITERAL = new Set([...LITERAL, ...AFTER_CLOSE])

/** @type {Map<number, Set<number>>} */
const FOLLOWERS = new Map([
  [OPEN, AFTER_OPEN],
  [code("["), AFTER_LIST],
  [code(","), VALUE],
  [code(":"), VALUE],
  [code("}"), AFTER_CLOSE],
  [code("]"), AFTER_CLOSE],
])

/** @param {string} character */
function code(character) {
  return character.charCodeAt(0)
}

/** @param {string} characters */
function bytes(characters) {
  return new Set([...characters].map(code))
}

/**
 * Cuts a byte stream into frames, one byte at a time, so that its cost grows with the bytes alone.
 */
export class FrameDecoder {
  /** @type {number[]} bytes of the object or of the line being read */
  #bytes = []
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
    const text = decoded(this.#bytes).trim()
    this.#bytes = []
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
    else if (this.#mayFollow === AFTER_OPEN || this.#mayFollow === AFTER_LIST) this.#depth++
    else if (this.#mayFollow === AFTER_CLOSE && --this.#depth === 0) this.#endObject()
  }

  #endObject() {
    const message = parsed(decoded(this.#bytes))
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
    this.#frames.push({ kind: "damaged" })
    this.#restart()
    this.#skipping = true
    for (const again of begunInside ? [OPEN, QUOTE, byte] : [byte]) this.#take(again)
  }

  #restart() {
    this.#bytes = []
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
  }
}

/** @param {number[]} bytes */
function decoded(bytes) {
  return new TextDecoder().decode(Uint8Array.from(bytes))
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

/** The connection broke before the stream ended. */
export class BrokenStreamError extends Error {
  /** @override */
  name = "BrokenStreamError"
}

/**
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<Frame, void>}
 * @throws {BrokenStreamError} after everything that had arrived has been given
 * @throws whatever the reader was aborted with
 */
export async function* frames(body) {
  const reader = body.getReader()
  const decoder = new FrameDecoder()
  for (let read = await next(reader); !read.done; read = await next(reader)) {
    yield* decoder.push(read.value)
  }
  yield* decoder.end()
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
async function next(reader) {
  try {
    return await reader.read()
  } catch (error) {
    // Every browser gives a TypeError here, each with words of its own.
    if (error instanceof TypeError) throw new BrokenStreamError(error.message, { cause: error })
    throw error
  }
}
