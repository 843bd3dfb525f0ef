/**
 * One reply: asks, reads, and always ends in `done`, `stopped`, `interrupted` or `failed`.
 */

import { contentOf, textIn } from "./answer.js"
import { ApiError, wordsIn } from "./http.js"
import { newId } from "./ids.js"
import { Measure } from "./measure.js"
import { ThinkingSplitter } from "./thinking.js"

/** @import { Api } from "./api.js" */
/** @import { Problem } from "./http.js" */
/** @import { Frame } from "./stream.js" */
/** @import { Split } from "./thinking.js" */
/** @import { Message, Status } from "./state.js" */
/** @import { Store } from "./store.js" */

/** Nothing arrived for so long that the reader should know. */
export const SILENCE_MS = 20_000
/** Longer than any action may run, so nothing will come any more. */
const GIVE_UP_MS = 330_000
/** Who has not left by then has stayed. */
const LEAVES_WITHIN_MS = 10_000
const LOOK_AGAIN_MS = 1_000
/** Problems after which what has arrived is worth keeping and going on from. */
const INTERRUPTIONS = new Set(["broken", "offline", "silent"])
const KEEPS_TEXT = new Set([...INTERRUPTIONS, "model"])

/** @typedef {{ streaming: boolean, body: Record<string, unknown> }} Question */

export class Reply {
  #api
  #store
  #action
  #question
  #streamed = false
  #stopper = new AbortController()
  #splitter = new ThinkingSplitter()
  #request = newId()
  #measure = new Measure()
  #sawSilence = false
  #leftAt = -Infinity
  /** Figures as the action gave them. @type {Record<string, unknown> | null} */
  #given = null
  /** What the action asked for: whether to stream from now on. @type {{ streaming?: boolean }} */
  outcome = {}
  /** What the action says went wrong with the model, which stands in the text as well. */
  #failure = ""

  /**
   * @param {Api} api
   * @param {Store} store
   * @param {Message} message grows in place
   * @param {string} action `package/action`
   * @param {Promise<Question>} question what to ask, once that is known
   */
  constructor(api, store, message, action, question) {
    this.#api = api
    this.#store = store
    this.message = message
    this.#action = action
    this.#question = question
  }

  /** Run to the end; never throws for anything the network or the action does. */
  async run() {
    const watch = setInterval(() => this.#lookForSilence(), LOOK_AGAIN_MS)
    try {
      const { streaming, body } = await this.#unlessStopped(this.#question)
      this.#streamed = streaming
      const asked = { ...body, request: this.#request, thinking: true, metrics: true }
      if (streaming) await this.#stream(asked)
      else await this.#ask(asked)
      if (this.#failure) throw new ApiError("model", this.#failure)
      this.#end("done")
    } catch (error) {
      this.#fail(error)
    } finally {
      clearInterval(watch)
      this.#setSilent(false)
      // Whatever else comes is not read any more.
      this.#stopper.abort()
    }
  }

  /** End the reply here, and the model's work there. */
  stop() {
    if (this.#stopper.signal.aborted) return
    this.#stopper.abort()
    this.abandon()
  }

  /** The page is about to be left, which breaks its connections. */
  leave() {
    this.#leftAt = performance.now()
  }

  /** End the model's work: nobody will read it. */
  abandon() {
    this.#api.stop(this.#action, this.#request).catch((error) => {
      if (!(error instanceof ApiError)) throw error
      console.warn(`the action could not be told to stop: ${error.message}`)
    })
  }

  /**
   * @template T
   * @param {Promise<T>} promise that knows nothing of Stop
   * @returns {Promise<T>}
   */
  #unlessStopped(promise) {
    const { signal } = this.#stopper
    const stopped = new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
    return Promise.race([promise, stopped])
  }

  /** @param {Record<string, unknown>} body */
  async #ask(body) {
    const answer = await this.#api.ask(this.#action, body, this.#stopper.signal)
    const { text, data } = contentOf(answer)
    this.message.data = data
    this.outcome = { streaming: answer.streaming === true }
    this.#accept({ ...answer, output: text })
  }

  /** @param {Record<string, unknown>} asked */
  async #stream(asked) {
    const body = await this.#api.stream(this.#action, asked, this.#stopper.signal)
    const { frames } = await streamReader()
    for await (const frame of frames(body)) this.#take(frame)
  }

  /** @param {Frame} frame */
  #take(frame) {
    this.#measure.read()
    if (this.#sawSilence) this.#setSilent(false)
    if (frame.kind === "message") this.#accept(frame.message)
    else if (frame.kind === "damaged") this.message.lost++
    else if (frame.kind === "text") throw new ApiError("streamer", wordsIn(frame.text))
    else throw new ApiError("broken")
  }

  /** @param {Record<string, unknown>} answer whole, or one object of a stream */
  #accept({ output, thinking, state, metrics, error, login }) {
    if (login === true) throw new ApiError("login", textIn(output))
    if (typeof state === "string") this.message.state = state
    if (typeof thinking === "string") this.#grow({ thinking, text: "", retract: false })
    const text = textIn(output)
    if (text) this.#grow(this.#splitter.push(text))
    if (isObject(metrics)) this.#given = metrics
    if (isObject(error)) this.#failure = textIn(error.message)
    else if (typeof error === "string") throw new ApiError("action", error)
  }

  /** @param {Split} split */
  #grow({ thinking, text, retract }) {
    const { message } = this
    if (retract) this.#retract()
    if (!thinking && !text) return
    this.#measure.grow(message, thinking, text)
    if (message.status === "waiting") this.#setStatus("streaming")
    message.thinking += thinking
    message.text += text
    this.#store.grow({ id: message.id, thinking, text })
  }

  /** What looked like the answer was reasoning. */
  #retract() {
    const { message } = this
    message.thinking += message.text
    message.text = ""
    this.#measure.retract(message)
    this.#store.touch(message)
  }

  /** @param {Status} status */
  #end(status) {
    this.#grow(this.#splitter.end())
    this.message.figures = this.#measure.figures(this.#given, this.#streamed)
    this.#setStatus(status)
  }

  /** @param {unknown} error */
  #fail(error) {
    if (error instanceof DOMException && error.name === "AbortError") return this.#end("stopped")
    const problem = problemOf(error)
    const isLeft = performance.now() - this.#leftAt < LEAVES_WITHIN_MS
    this.message.problem = isLeft && INTERRUPTIONS.has(problem.key) ? { key: "left", detail: "" } : problem
    // A page that is being left loses its connections first, in some browsers before it is told.
    if (INTERRUPTIONS.has(problem.key)) this.abandon()
    if (problem.key === "model") this.#leaveOut(problem.detail)
    this.#end(KEEPS_TEXT.has(problem.key) && this.message.text ? "interrupted" : "failed")
    if (problem.key === "page") reportError(error)
  }

  /**
   * Take a sentence that is shown as the problem out of the text.
   *
   * @param {string} sentence
   */
  #leaveOut(sentence) {
    this.#grow(this.#splitter.end())
    const { message } = this
    if (!message.text.endsWith(sentence)) return
    message.text = message.text.slice(0, message.text.length - sentence.length).trimEnd()
    this.#store.touch(message)
  }

  /** @param {Status} status */
  #setStatus(status) {
    this.message.status = status
    this.#store.touch(this.message)
  }

  #lookForSilence() {
    const silence = this.#measure.silenceMs
    if (silence > GIVE_UP_MS) this.#stopper.abort(new ApiError("silent"))
    else if (silence > SILENCE_MS) this.#setSilent(true)
  }

  /** @param {boolean} silent */
  #setSilent(silent) {
    if (silent === this.#sawSilence) return
    this.#sawSilence = silent
    this.#store.update({ silent: silent ? this.message.id : "" })
  }
}

/**
 * @param {unknown} error
 * @returns {Problem} `page` for an error of the page itself, which a reply must not hang on either
 */
function problemOf(error) {
  if (error instanceof ApiError) return error.problem
  if (error instanceof Error && error.name === "BrokenStreamError") return { key: navigator.onLine ? "broken" : "offline", detail: "" }
  return { key: "page", detail: error instanceof Error ? error.message : "" }
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return value !== null && typeof value === "object"
}

/**
 * Fetched with the first stream, and only once that has come: a browser gives no second try at a module, and what
 * fails without a network must work again with one.
 */
async function streamReader() {
  try {
    return await import("./frames.js")
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new ApiError(navigator.onLine ? "broken" : "offline")
  }
}
