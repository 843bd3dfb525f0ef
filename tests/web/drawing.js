/**
 * What the page's own modules draw of a text, for the tests: an expression that the tests evaluate on a page of the
 * deployment, which gives `[task, ...arguments]` to it.
 */
async ([task, ...args]) => {
  const { MarkdownView } = await import("/js/markdown/view.js")
  const { blocksOf } = await import("/js/markdown/grammar.js")
  const { Headings } = await import("/js/markdown/headings.js")
  const { nodesOf } = await import("/js/markdown/nodes.js")

  /** @returns {[Element, MarkdownView]} */
  const begun = () => {
    const root = document.createElement("div")
    return [root, new MarkdownView(root)]
  }

  /**
   * What is seen of a drawing: without the parts that keep a long one fast, without colours and typesetting, which
   * come when they come.
   */
  const seen = (root) => {
    const copy = root.cloneNode(true)
    for (const code of copy.querySelectorAll("code[data-language]")) code.textContent = code.textContent
    for (const math of copy.querySelectorAll(".math")) math.textContent = math.dataset.source
    for (const part of copy.querySelectorAll(".code__part")) part.replaceWith(...part.childNodes)
    for (const part of copy.querySelectorAll(":scope > .prose__part")) part.replaceWith(...part.childNodes)
    for (const more of copy.querySelectorAll(":scope > .continued")) {
      const before = more.previousElementSibling
      if (more.matches("p")) before.append(" ")
      before.append(...more.childNodes)
      more.remove()
    }
    for (const more of copy.querySelectorAll(":scope > .table:has(th[style])")) {
      more.previousElementSibling.querySelector("tbody").append(...more.querySelectorAll("tbody > tr"))
      more.remove()
    }
    copy.normalize()
    return copy.innerHTML
  }

  /** The text as one that has come whole, which knows nothing of arriving. */
  const inOnePiece = (text) => {
    const root = document.createElement("div")
    const blocks = blocksOf(text.replaceAll("\r", ""))
    root.append(...nodesOf(new Headings().levelled(blocks, blocks.length)))
    return seen(root)
  }

  const differences = []
  const same = (what, text, one, other) => {
    if (one !== other) differences.push([what, text.slice(0, 400), one.slice(0, 2_000), other.slice(0, 2_000)])
    return one === other
  }

  /** @param {string} text at each of its cuts: what is shown there, and what it ends as */
  const atEveryCut = (text) => {
    const whole = inOnePiece(text)
    const [growing, view] = begun()
    for (let cut = 1; cut <= text.length; cut++) {
      view.write(text[cut - 1])
      const [root, other] = begun()
      other.write(text.slice(0, cut))
      if (!same(`shown after ${cut}`, text, seen(root), seen(growing))) return
      other.write(text.slice(cut))
      other.end()
      if (!same(`cut after ${cut}`, text, seen(root), whole)) return
    }
    view.end()
    same("character by character", text, seen(growing), whole)
  }

  /** @returns {[string, number]} what is seen, and for how long one piece held the page up at most */
  const drawn = (text, size) => {
    const [root, view] = begun()
    document.body.append(root)
    let longest = 0
    const timed = (act) => {
      const began = performance.now()
      act()
      longest = Math.max(longest, performance.now() - began)
    }
    for (let at = 0; at < text.length; at += size) timed(() => view.write(text.slice(at, at + size)))
    timed(() => view.end())
    root.remove()
    return [seen(root), longest]
  }

  /** Draws a text, again where something else may have held the page up. */
  const inPieces = (text, size, bar) => {
    let [shown, held] = drawn(text, size)
    for (let again = 0; held > bar && again < 3; again++) held = Math.min(held, drawn(text, size)[1])
    if (held > bar) differences.push([`held up for ${held} ms`, text.slice(0, 400)])
    return shown
  }

  /** Numbers below a bound, the same ones for the same seed (mulberry32). */
  const numbers = (seed) => {
    let state = seed
    return (bound) => {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
    }
  }

  const anyText = (next, fragments, length) => Array.from({ length }, () => fragments[next(fragments.length)]).join("")

  const tasks = {
    everyCut: (texts) => texts.forEach(atEveryCut),

    anyCut: (seed, rounds, fragments) => {
      const next = numbers(seed)
      for (let round = 0; round < rounds; round++) {
        const text = anyText(next, fragments, 2 + next(24))
        const [growing, view] = begun()
        const cut = next(text.length + 1)
        for (let at = 0; at < text.length; ) {
          const end = at < cut ? Math.min(cut, at + 1 + next(6)) : at + 1 + next(6)
          view.write(text.slice(at, end))
          at = end
          if (at !== cut) continue
          const [root, other] = begun()
          other.write(text.slice(0, cut))
          same(`shown after ${cut}, round ${round}`, text, seen(root), seen(growing))
        }
        view.end()
        same(`round ${round}`, text, seen(growing), inOnePiece(text))
      }
    },

    heldUp: (seed, rounds, fragments, chars, bar) => {
      const next = numbers(seed)
      for (let round = 0; round < rounds; round++) {
        const begin = next(3) ? "" : anyText(next, fragments, 1)
        const unit = anyText(next, fragments, 1 + next(4))
        inPieces((begin + unit.repeat(chars)).slice(0, chars), 2_000, bar)
      }
    },

    long: (text, sizes, bar) => {
      const [first, ...others] = sizes.map((size) => inPieces(text, size, bar))
      others.forEach((other, at) => same(`pieces of ${sizes[at + 1]}`, text, other, first))
    },

    shown: () => [...document.querySelectorAll("chat-message[data-from=assistant] [data-text]")].map(seen),
  }
  return tasks[task](...args) ?? differences
}
