import assert from "node:assert/strict"
import { test } from "node:test"

import { BrokenStreamError, frames } from "../../../web/js/frames.js"
import { FrameDecoder } from "../../../web/js/stream.js"

const bytesOf = (text) => new TextEncoder().encode(text)

/** What a decoder makes of chunks. */
function read(...chunks) {
  const decoder = new FrameDecoder()
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()]
}

const message = (members) => ({ kind: "message", message: members })

const MIXED = [
  { output: "caffè ☕ 𝄞 {\"} \\ }{ [" },
  {},
  { output: "two\nlines\t\u0000", state: "s" },
  { unknown: { deep: [{ er: "}" }, 1.5e3, true, null] } },
  { output: "" },
]
const GLUED = MIXED.map((object) => JSON.stringify(object)).join("")
const EXPECTED = MIXED.map(message)

test("several objects in one read come out one by one", () => {
  assert.deepEqual(read(bytesOf(GLUED)), EXPECTED)
})

test("any cut of the bytes gives the same frames", () => {
  const bytes = bytesOf(GLUED)
  for (let size = 1; size <= bytes.length; size++) {
    const chunks = []
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
    assert.deepEqual(read(...chunks), EXPECTED, `reads of ${size} bytes`)
  }
})

test("a newline that the relay puts after a read of any size is not seen, even inside a character", () => {
  const bytes = bytesOf(GLUED)
  for (let size = 1; size <= bytes.length; size++) {
    const chunks = []
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size), bytesOf("\n"))
    assert.deepEqual(read(...chunks), EXPECTED, `reads of ${size} bytes`)
  }
})

test("blank lines and spaces between objects are nothing", () => {
  assert.deepEqual(read(bytesOf('\n\n {"output":"a"} \r\n\n{"output":"b"}\n ')), [message({ output: "a" }), message({ output: "b" })])
})

test("plain text is told apart from objects, wherever it stands", () => {
  assert.deepEqual(read(bytesOf('{"output":"a"}\nnot ok (500 Internal Server Error)\n{"output":"b"}\nbye')), [
    message({ output: "a" }),
    { kind: "text", text: "not ok (500 Internal Server Error)" },
    message({ output: "b" }),
    { kind: "text", text: "bye" },
  ])
})

for (const [name, damaged] of [
  ["cut short inside a string", '{"output":"lost'],
  ["cut short inside a name", '{"outp'],
  ["without its end", '{"output":"lost"'],
  ["with a letter too many", '{"output":"lost"x}'],
  ["with a value that is none", '{"output":lost}'],
]) {
  test(`an object ${name} costs only itself`, () => {
    const seen = read(bytesOf(`{"output":"a"}${damaged}{"output":"b"}{"output":"c"}`))
    assert.deepEqual(seen.filter(({ kind }) => kind === "message"), ["a", "b", "c"].map((output) => message({ output })))
    assert.ok(seen.some(({ kind }) => kind === "damaged"))
  })
}

test("a stream that ends inside an object says so", () => {
  assert.deepEqual(read(bytesOf('{"output":"a"}{"output":"b')), [message({ output: "a" }), { kind: "cut" }])
})

test("overwriting any stretch of a stream never hides the objects that follow the next one", () => {
  const line = '{"output":"one"}{"output":"two two"}{"output":"three"}{"output":"four"}'
  const last = { output: "kept" }
  for (let from = 0; from < line.length; from++) {
    for (let to = from + 1; to <= Math.min(line.length, from + 12); to++) {
      const damaged = line.slice(0, from) + line.slice(0, to - from) + line.slice(to)
      const seen = read(bytesOf(`${damaged}{"output":"next"}${JSON.stringify(last)}`))
      assert.deepEqual(seen.at(-1), message(last), damaged)
    }
  }
})

test("decoding costs the same per byte for a long stream as for a short one", () => {
  const timed = (count) => {
    const bytes = bytesOf('{"output":"a few words of text"}'.repeat(count))
    const began = process.cpuUsage()
    assert.equal(read(bytes).length, count)
    const { user, system } = process.cpuUsage(began)
    return (user + system) / count
  }
  timed(2000)
  assert.ok(timed(100_000) < 10 * timed(10_000))
})

test("a connection that breaks gives what had arrived, then its own error", async () => {
  let pulled = 0
  const body = new ReadableStream({
    pull(controller) {
      if (pulled++ === 0) controller.enqueue(bytesOf('{"output":"a"}'))
      else controller.error(new TypeError("network error"))
    },
  })
  const seen = []
  await assert.rejects(async () => {
    for await (const frame of frames(body)) seen.push(frame)
  }, BrokenStreamError)
  assert.deepEqual(seen, [message({ output: "a" })])
})

test("a line or an object that does not end is given up, and what follows is read", () => {
  assert.equal(read(bytesOf("x".repeat(20_000)))[0].kind, "text")
  const endless = [bytesOf('{"output":"'), ...Array.from({ length: 34 }, () => new Uint8Array(1 << 20).fill(0x61))]
  assert.deepEqual(read(...endless, bytesOf('"}{"output":"kept"}')), [{ kind: "damaged" }, message({ output: "kept" })])
})

test("control characters between objects are nothing", () => {
  assert.deepEqual(read(bytesOf('\0\n{"output":"a"}\0\u0007\n')), [message({ output: "a" })])
})

/** Numbers below a bound, the same ones for the same seed (mulberry32). */
function numbers(seed) {
  let state = seed
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

const WORDS = ["", "a", "caffè", "𝄞", '"', "\\", "{", "}", "]", ",", ":", "\n", "\u0000", "\u2028", "null", "1e9", "long ".repeat(40)]
const LITERALS = [null, true, false, 0, -1.5e-7, 1e21, 12345678901234567890]

function anyValue(next, depth) {
  const kind = next(depth > 3 ? 2 : 4)
  if (kind === 0) return LITERALS[next(LITERALS.length)]
  if (kind === 1) return WORDS[next(WORDS.length)] + WORDS[next(WORDS.length)]
  const values = Array.from({ length: next(4) }, () => anyValue(next, depth + 1))
  return kind === 2 ? values : Object.fromEntries(values.map((value) => [WORDS[next(WORDS.length)], value]))
}

const anyObject = (next) => ({ [WORDS[next(WORDS.length)]]: anyValue(next, 0), output: WORDS[next(WORDS.length)] })

/** Bytes as the relay passes them on: a newline after each read, of any size. */
function relayed(next, bytes) {
  const chunks = []
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + next(next(3) ? 12 : 2048)
    chunks.push(bytes.subarray(at, at + size), bytesOf("\n"))
    at += size
  }
  return chunks
}

test("any objects come out as they were sent, however the relay cuts them", () => {
  const next = numbers(1)
  for (let round = 0; round < 3_000; round++) {
    const objects = Array.from({ length: 1 + next(6) }, () => anyObject(next))
    const seen = read(...relayed(next, bytesOf(objects.map((object) => JSON.stringify(object)).join(""))))
    assert.deepEqual(seen, objects.map((object) => message(JSON.parse(JSON.stringify(object)))), `round ${round}`)
  }
})

test("any damage costs no exception, and what follows the next object is read", () => {
  const next = numbers(2)
  const end = '{"output":"next"}{"output":"kept"}'
  for (let round = 0; round < 4_000; round++) {
    const bytes = bytesOf(JSON.stringify(anyObject(next)) + JSON.stringify(anyObject(next)))
    for (let hits = 1 + next(4); hits > 0; hits--) bytes[next(bytes.length)] = next(256)
    const last = read(...relayed(next, bytes), bytesOf(end)).filter(({ kind }) => kind === "message").at(-1)
    assert.deepEqual(last, message({ output: "kept" }), `round ${round}: ${new TextDecoder().decode(bytes)}`)
  }
})

test("any bytes are read in time that grows with their number alone, whatever they are", () => {
  const next = numbers(3)
  const pieces = ["{", "}", "[", "]", '"', "\\", ",", ":", "\n", "1", "true", " ", '{"a":', "{}", '{"output":"x"}', "\u0000", "é"]
  for (let round = 0; round < 200; round++) {
    const unit = Array.from({ length: 1 + next(4) }, () => pieces[next(pieces.length)]).join("")
    const bytes = bytesOf(unit.repeat(30_000).slice(0, 30_000))
    const began = process.cpuUsage()
    for (const frame of read(bytes)) assert.ok(["message", "text", "damaged", "cut"].includes(frame.kind))
    const { user, system } = process.cpuUsage(began)
    assert.ok(user + system < 1_000_000, `${JSON.stringify(unit)} took ${(user + system) / 1000} ms`)
  }
})

test("an object nested deeper than any stack is damage, and what follows is read", () => {
  const deep = `{"output":${"[".repeat(30_000)}${"]".repeat(30_000)}}`
  const seen = read(bytesOf(`${deep}{"output":"kept"}`))
  assert.equal(seen[0].kind, "damaged")
  assert.deepEqual(seen.at(-1), message({ output: "kept" }))
})
