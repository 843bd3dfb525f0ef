/** The frames of an answer as it is read. */

import { FrameDecoder } from "./stream.js"

/** @import { Frame } from "./stream.js" */

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
