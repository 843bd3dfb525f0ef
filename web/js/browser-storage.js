/** Texts that the browser keeps. Where it refuses, what is put here lasts as long as the page. */

export class TextStorage {
  #name
  /** What the browser did not take. @type {Map<string, string>} */
  #own = new Map()

  /** @param {"localStorage" | "sessionStorage"} name */
  constructor(name) {
    this.#name = name
  }

  /** Whether the browser keeps anything at all. */
  get isKept() {
    const kept = this.set("mastrogpt-probe", "")
    this.remove("mastrogpt-probe")
    return kept
  }

  /**
   * @param {string} key
   * @returns {Record<string, any>} the object that was put there; an empty one for what is not one
   */
  get(key) {
    try {
      const value = JSON.parse(this.#own.get(key) ?? this.#ask((storage) => storage.getItem(key)) ?? "{}")
      return value !== null && typeof value === "object" ? value : {}
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      return {}
    }
  }

  /**
   * @param {string} key
   * @param {unknown} value
   * @returns {boolean} whether the browser keeps it
   */
  set(key, value) {
    const text = JSON.stringify(value)
    const kept = this.#ask((storage) => (storage.setItem(key, text), true)) ?? false
    if (kept) this.#own.delete(key)
    else this.#own.set(key, text)
    return kept
  }

  /** @param {string} key */
  remove(key) {
    this.#own.delete(key)
    this.#ask((storage) => storage.removeItem(key))
  }

  /** @returns {string[]} the keys of what the browser keeps */
  keys() {
    return this.#ask((storage) => Object.keys(storage)) ?? []
  }

  /**
   * @template T
   * @param {(storage: Storage) => T} act
   * @returns {T | undefined} undefined where the browser has no such storage, forbids it, or is full
   */
  #ask(act) {
    try {
      const storage = globalThis[this.#name]
      return storage ? act(storage) : undefined
    } catch (error) {
      if (!(error instanceof DOMException)) throw error
      return undefined
    }
  }
}

export const browserStorage = new TextStorage("localStorage")
export const tabStorage = new TextStorage("sessionStorage")
