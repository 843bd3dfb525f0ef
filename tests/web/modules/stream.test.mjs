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
