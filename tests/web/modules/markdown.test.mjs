import assert from "node:assert/strict"
import { test } from "node:test"

import { blocksOf, noLinks, openBlocksOf } from "../../../web/js/markdown/grammar.js"

/** What is seen of tokens: their kinds and words, without the source and without blanks around. */
function seen(tokens) {
  return tokens
    .filter(({ type }) => type !== "space")
    .map(({ type, text, href, tokens: inner, items, rows }) => [
      type,
      href ?? "",
      ...seen([...(inner ?? []), ...(items ?? []), ...(rows ?? []).flat().map((cell) => ({ type: "cell", ...cell }))]),
      inner || items ? "" : (text ?? "").trim(),
    ])
}

const seenOfOpen = (source) => seen(openBlocksOf(source, { links: noLinks(), fresh: [] }))

for (const [source, shown] of [
  ["a **b", "a **b**"],
  ["a **", "a "],
  ["a `b", "a `b`"],
  ["a ``b `c", "a ``b `c``"],
  ["a ``b`", "a ``b``"],
  ["see [the li", "see the li"],
  ["see [the link](http://x", "see the link"],
  ["see [the link](http://x/(y) z", "see the link"],
  ["see ![an image](http", "see "],
  ["text\n-", "text"],
  ["text\n12.", "text"],
  ["text\n> -", "text"],
  ["| a |\n|--", "| a |"],
  ["```\n**x", "```\n**x"],
  ["```\n-", "```\n-"],
  ["- a\n  ```\n  x\n  ```\n3", "- a\n  ```\n  x\n  ```"],
  ["**a** and `b`", "**a** and `b`"],
  ["a **b\n\n```\nx", "a **b\n\n```\nx"],
  ["- **a\n- **b", "- **a\n- **b**"],
  ["> **a", "> **a**"],
  ["| a | b |\n|---|---|\n| **c", "| a | b |\n|---|---|\n| **c**"],
  ["# **a", "# **a**"],
  ["<pre>\n**a", "<pre>\n**a"],
]) {
  test(`unfinished ${JSON.stringify(source)} is shown as ${JSON.stringify(shown)}`, () => {
    assert.deepEqual(seenOfOpen(source), seen(blocksOf(shown)))
  })
}

for (const source of [
  "arr[i",
  "Rome[^1",
  "[^1",
  "[text][g",
  "2 ** 3",
  "2 ** 3 and a ** b",
  "a\\**b",
  "`**` and b",
  "\\`not code",
]) {
  test(`${JSON.stringify(source)} opens nothing and keeps its characters`, () => {
    assert.deepEqual(seenOfOpen(source), seen(blocksOf(source)))
  })
}

test("an address leads nowhere until it is whole", () => {
  const links = (source) => JSON.stringify(seenOfOpen(source)).match(/https:[^"]*/g) ?? []
  for (const source of ["see https://e", "see **https://e", "[g]: https://e", "> [g]: https://e", "- [g]: https://e"]) {
    assert.ok(!JSON.stringify(openBlocksOf(source, { links: noLinks(), fresh: [] })).includes('"href"'), source)
  }
  assert.deepEqual(links("see https://example.org/ and"), ["https://example.org/", "https://example.org/"])
})

for (const [source, kinds] of [
  ["$x$", ["math"]],
  ["$5 and $10", ["text"]],
  ["$HOME/bin:$PATH", ["text"]],
  ["echo $A$B", ["text"]],
  ["US$5 or A$6", ["text"]],
  ["a$b$", ["text"]],
  ["($x$), \"$y$\"", ["text", "math", "text", "math", "text"]],
  ["$x$-axis", ["math", "text"]],
  ["\\(x\\)", ["math"]],
  ["$$x$$ is", ["math", "text"]],
]) {
  test(`${source} is ${kinds.join(", ")}`, () => {
    const [paragraph] = blocksOf(source)
    assert.deepEqual(paragraph.tokens.map(({ type }) => type), kinds)
  })
}

for (const [source, kinds] of [
  ["$$\nx\n\ny\n$$\n", ["math"]],
  ["\\[\nx\n\ny\n\\]\n", ["math"]],
  ["$$a$$ is the rule.\n\n- b\n\n$$c$$\n", ["paragraph", "list", "math"]],
  ["$$ never closed\n\n```\n$$\n```\n", ["paragraph", "code"]],
  ["text\n$$x$$\ntext\n", ["paragraph", "math", "paragraph"]],
  ["$$$ is money\n", ["paragraph"]],
]) {
  test(`${JSON.stringify(source)} has the blocks ${kinds.join(", ")}`, () => {
    assert.deepEqual(
      blocksOf(source)
        .map(({ type }) => type)
        .filter((type) => type !== "space"),
      kinds,
    )
  })
}

test("the raw of all blocks together is the source", () => {
  const source = "# a\n\n- b\n  c\n\n\n[r]: http://x.example\n\n$$\nx\n$$\n> d\n\n| e |\n|---|\n| f |\n"
  assert.equal(blocksOf(source).map(({ raw }) => raw).join(""), source)
})
