import assert from "node:assert/strict"
import { test } from "node:test"

import { versionsOf, wayThrough, withParents } from "../../../web/js/branches.js"
import { newMessage } from "../../../web/js/records.js"

const said = (id, parent, from = "assistant") => newMessage({ id, parent, from })

/** A question with two answers, the first of which was followed; and the question put in other words. */
const TREE = [
  said("ask", "", "user"),
  said("one", "ask"),
  said("more", "one", "user"),
  said("end", "more"),
  said("two", "ask"),
  said("ask-again", "", "user"),
  said("three", "ask-again"),
]
const ids = (messages) => messages.map(({ id }) => id)

for (const [through, way] of [
  ["one", ["ask", "one", "more", "end"]],
  ["end", ["ask", "one", "more", "end"]],
  ["two", ["ask", "two"]],
  ["ask", ["ask", "two"]],
  ["ask-again", ["ask-again", "three"]],
  ["", ["ask-again", "three"]],
  ["gone", ["ask-again", "three"]],
]) {
  test(`the way through ${through || "nothing"} is ${way}`, () => {
    assert.deepEqual(ids(wayThrough(TREE, through)), way)
  })
}

test("an empty conversation has an empty way", () => {
  assert.deepEqual(wayThrough([], "x"), [])
})

test("versions are what was said at the same place", () => {
  assert.deepEqual(ids(versionsOf(TREE, TREE[1])), ["one", "two"])
  assert.deepEqual(ids(versionsOf(TREE, TREE[0])), ["ask", "ask-again"])
  assert.deepEqual(ids(versionsOf(TREE, TREE[3])), ["end"])
})

test("a greeting, which is not kept, has no versions", () => {
  assert.deepEqual(versionsOf(TREE, said("greeting", "")), [])
})

test("messages of older pages follow each other", () => {
  const old = TREE.slice(0, 4).map(({ parent: _, ...rest }) => rest)
  assert.deepEqual(
    withParents(old).map(({ parent }) => parent),
    ["", "ask", "one", "more"],
  )
})
