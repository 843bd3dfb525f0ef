import assert from "node:assert/strict"
import { test } from "node:test"

import { contentOf, exhibitIn, fieldsIn, optionsIn } from "../../../web/js/answer.js"
import { historyOf, optionsOf, stateOf, titleOf } from "../../../web/js/dialogue.js"
import { fileName, jsonOf, markdownOf } from "../../../web/js/export.js"
import { figuresLine } from "../../../web/js/figures.js"
import { decoded } from "../../../web/js/markdown/entities.js"
import { newConversation, newMessage } from "../../../web/js/records.js"

const said = (from, text, more = {}) => newMessage({ from, text, status: "done", ...more })
const SETTINGS = { system: "", temperature: null, maxTokens: null }
const NO_PICK = { model: "", state: "", place: -1 }

test("the history holds what was said, with the system prompt first and no greeting", () => {
  const messages = [
    said("assistant", "Hello.", { opening: true }),
    said("user", "Capital?"),
    said("assistant", "Rome", { status: "interrupted" }),
    said("assistant", "", { status: "failed" }),
  ]
  assert.deepEqual(historyOf(messages, { ...SETTINGS, system: "Be brief." }), [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Capital?" },
    { role: "assistant", content: "Rome" },
  ])
})

test("of a history that no request can hold, the newest is sent", () => {
  const messages = Array.from({ length: 10 }, (_, at) => said("user", `${at}`.repeat(50_000)))
  assert.deepEqual(
    historyOf(messages, SETTINGS).map(({ content }) => content[0]),
    ["8", "9"],
  )
})

test("only what a person set is sent as an option", () => {
  assert.deepEqual(optionsOf(SETTINGS), {})
  assert.deepEqual(optionsOf({ ...SETTINGS, temperature: 0 }), { temperature: 0 })
  assert.deepEqual(optionsOf({ ...SETTINGS, maxTokens: 9 }), { max_tokens: 9 })
})

test("the state is that of the last reply that arrived, or of a model picked after it", () => {
  const messages = [said("assistant", "a", { state: "one", place: 1 }), said("assistant", "", { status: "failed", place: 3 })]
  assert.equal(stateOf(messages, NO_PICK), "one")
  assert.equal(stateOf(messages, { model: "m", state: "picked", place: 2 }), "picked")
  assert.equal(stateOf(messages, { model: "m", state: "picked", place: 1 }), "one")
  assert.equal(stateOf([], NO_PICK), "")
})

test("a title is the first line, cut at a word", () => {
  assert.equal(titleOf("  Capital?\nAnd more"), "Capital?")
  assert.equal(titleOf(`${"word ".repeat(30)}`), `${"word ".repeat(11)}word…`)
})

test("an answer is told apart into text, form, options and what is shown", () => {
  const { text, data } = contentOf({ output: "Hi", state: "s", streaming: false, metrics: {}, form: [{ name: "a" }], html: "<p>" })
  assert.equal(text, "Hi")
  assert.deepEqual(exhibitIn(data), { html: "<p>" })
  assert.deepEqual(fieldsIn(data), [{ name: "a", label: "a", type: "text", required: false, options: [] }])
  assert.deepEqual(fieldsIn({ form: "none" }), [])
})

for (const [output, text, options] of [
  ['{"options": ["a", 2]}', "", ["a", "2"]],
  ['{"options": ["a"], "message": "Pick"}', "Pick", ["a"]],
  ['{"options": "a"}', '{"options": "a"}', []],
  ['{"not": "json', '{"not": "json', []],
]) {
  test(`options in ${output}`, () => {
    const content = contentOf({ output })
    assert.deepEqual([content.text, optionsIn(content.data)], [text, options])
  })
}

test("an export names who said what, and a file can be named after any title", () => {
  const conversation = { ...newConversation({ name: "Chat", url: "a/b" }, ""), title: "Città: «Roma»?" }
  const messages = [said("user", "Q"), said("assistant", "A", { thinking: "one\n\ntwo" })]
  assert.equal(markdownOf(conversation, messages, "You"), "# Città: «Roma»?\n\n## You\n\nQ\n\n## Chat\n\n> one\n>\n> two\n\nA\n")
  assert.deepEqual(JSON.parse(jsonOf(conversation, messages, [])).messages.map(({ role }) => role), ["user", "assistant"])
  assert.equal(fileName({ ...conversation, title: "???" }, "md"), "chat.md")
  assert.match(fileName(conversation, "md"), /^citta.*roma\.md$/)
})

test("figures that nobody knows are not told", () => {
  assert.equal(figuresLine(null, 0), "")
  const figures = { model: "", tokens: 0, firstTokenMs: 0, tokensPerSecond: 0, measured: true, cut: false }
  assert.equal(figuresLine(figures, 0), "")
  assert.equal(figuresLine({ ...figures, model: "m", tokensPerSecond: 4.26 }, 1), "m · about 4.3 tokens/s · some text was lost on the way")
  assert.equal(figuresLine({ ...figures, firstTokenMs: 0.3 }, 0), "first token after 1ms")
  assert.equal(figuresLine({ ...figures, firstTokenMs: 184 }, 0), "first token after 0.18s")
})

test("character references become characters, unknown ones stay", () => {
  assert.equal(decoded("&lt;b&gt; &#65;&#x42; &nope; & &amp;lt; &#1114112;"), "<b> AB &nope; & &lt; \ufffd")
})
