import assert from "node:assert/strict"
import { test } from "node:test"

import { ThinkingSplitter } from "../../../web/js/thinking.js"

/** What a splitter makes of a text that comes in pieces of some size. */
function split(text, size = text.length || 1) {
  const splitter = new ThinkingSplitter()
  const seen = { thinking: "", text: "" }
  const take = ({ thinking, text: said, retract }) => {
    if (retract) Object.assign(seen, { thinking: seen.thinking + seen.text, text: "" })
    seen.thinking += thinking
    seen.text += said
  }
  for (let at = 0; at < text.length; at += size) take(splitter.push(text.slice(at, at + size)))
  take(splitter.end())
  return [seen.thinking.trim(), seen.text.trim()]
}

for (const [name, text, thinking, answer] of [
  ["marks of the actions", "[think]Hm.[/think]Rome.", "Hm.", "Rome."],
  ["marks of old servers", "<think>\nHm.\n</think>\n\nRome.", "Hm.", "Rome."],
  ["no marks", "Rome\nis it.", "", "Rome\nis it."],
  ["no closing mark", "<think>Hm, it goes on", "Hm, it goes on", ""],
  ["closing mark only", "Hm.\nLet me see.\n</think>\n\nRome.", "Hm.\nLet me see.", "Rome."],
  ["nothing thought", "<think>\n\n</think>\n\nRome.", "", "Rome."],
  ["two times", "<think>a</think>\nOne.\n<think>b</think>\nTwo.", "ab", "One.\nTwo."],
  ["a mark within a line is text", "Use `<think>` or <think> so.", "", "Use `<think>` or <think> so."],
  ["a mark within code is text", "See:\n```\n<think>\nx\n</think>\n```\nend", "", "See:\n```\n<think>\nx\n</think>\n```\nend"],
  ["other tags are text", "<thing>x</thing>\n[thin]", "", "<thing>x</thing>\n[thin]"],
  ["brackets in thoughts", "[think]a [b] </c> [/thin [/think]d", "a [b] </c> [/thin", "d"],
  ["blank lines stay", "a\n\n\n  b\n", "", "a\n\n\n  b"],
]) {
  test(`${name}, however it is cut`, () => {
    for (let size = 1; size <= text.length; size++) {
      assert.deepEqual(split(text, size), [thinking, answer], `pieces of ${size}`)
    }
  })
}

test("the indent of the first line stays, empty lines before it go, however it is cut", () => {
  const text = "\n  \n    code\n    more\n\nend"
  for (let size = 1; size <= text.length; size++) {
    const splitter = new ThinkingSplitter()
    let said = ""
    for (let at = 0; at < text.length; at += size) said += splitter.push(text.slice(at, at + size)).text
    assert.equal(said + splitter.end().text, "    code\n    more\n\nend", `pieces of ${size}`)
  }
})

test("text is given at once, not held until its line ends", () => {
  const splitter = new ThinkingSplitter()
  assert.equal(splitter.push("Rome is").text, "Rome is")
  assert.equal(splitter.push(" the cap").text, " the cap")
})
