/** Bytes that are collected one by one and read as text at once, however many there are. */

const FIRST_SIZE = 1_024

export class ByteBuffer {
  #bytes = new Uint8Array(FIRST_SIZE)
  length = 0

  /** @param {number} byte */
  push(byte) {
    if (this.length === this.#bytes.length) this.#grow()
    this.#bytes[this.length++] = byte
  }

  /**
   * @param {number} index negative, from the end
   * @returns {number | undefined}
   */
  at(index) {
    return this.#bytes[this.length + index]
  }

  /** @returns {string} what is there, which is then gone */
  take() {
    const text = new TextDecoder().decode(this.#bytes.subarray(0, this.length))
    this.clear()
    return text
  }

  clear() {
    if (this.#bytes.length > FIRST_SIZE) this.#bytes = new Uint8Array(FIRST_SIZE)
    this.length = 0
  }

  #grow() {
    const larger = new Uint8Array(this.#bytes.length * 2)
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}
