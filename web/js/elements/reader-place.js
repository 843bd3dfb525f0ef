/**
 * The reader's place in what grows: while it is the end, the end stays in sight; as soon as the reader moves up,
 * nothing moves them.
 */

/** So near to the end counts as being there: less than one line. */
const AT_END_PX = 24
/** A scroll that was on its way when the reader asked for the end, and that browsers animate, is over by then. */
const SETTLED_MS = 500
/** By what readers move. */
const MOVES = ["wheel", "touchmove", "keydown", "pointerdown"]

export class ReaderPlace {
  #room
  #changed
  #following = true
  #told = true
  #seen = { top: 0, height: 0, width: 0, room: 0 }
  #jumpedAt = -SETTLED_MS

  /**
   * @param {HTMLElement} room scrolls
   * @param {Element} content of it, which grows
   * @param {(following: boolean) => void} changed is told when the reader leaves the end or comes back to it
   */
  constructor(room, content, changed) {
    this.#room = room
    this.#changed = changed
    room.addEventListener("scroll", () => this.#moved(), { passive: true })
    for (const move of MOVES) room.addEventListener(move, () => (this.#jumpedAt = -SETTLED_MS), { passive: true })
    const sizes = new ResizeObserver(() => this.keepEnd())
    sizes.observe(room)
    sizes.observe(content)
  }

  /** Show the end and stays there. */
  jump() {
    this.#jumpedAt = performance.now()
    this.follow()
    this.keepEnd()
  }

  /** Whatever comes next is shown at its end. */
  follow() {
    this.#following = true
  }

  /** Something grew. */
  keepEnd() {
    if (this.#following) this.#room.scrollTop = this.#room.scrollHeight
    this.#look()
    this.#tell()
  }

  #moved() {
    const before = this.#look()
    const { top, height, width, room } = this.#seen
    const distance = height - top - room
    const laidOutAnew = height !== before.height || width !== before.width || room !== before.room
    const settling = performance.now() - this.#jumpedAt < SETTLED_MS
    if (distance <= 1) this.#following = true
    // A window or text that changes its size moves the place too, and so does what was on its way before a jump.
    else if ((laidOutAnew || settling) && this.#following) return this.keepEnd()
    // Moving up means reading on there, even from within the last line.
    else if (top < before.top) this.#following = false
    else if (distance < AT_END_PX) this.#following = true
    this.#tell()
  }

  /** Remember the place and the sizes that it was seen at, and return what was seen before. */
  #look() {
    const before = this.#seen
    const { scrollTop: top, scrollHeight: height, clientWidth: width, clientHeight: room } = this.#room
    this.#seen = { top, height, width, room }
    return before
  }

  #tell() {
    if (this.#told === this.#following) return
    this.#told = this.#following
    this.#changed(this.#following)
  }
}
