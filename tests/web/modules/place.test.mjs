import assert from "node:assert/strict"
import { test } from "node:test"

import { placeOf } from "../../../web/js/place.js"

const WHOLE = { username: "devel", host: "http://a.example/", streamer: "http://b.example", services: [] }
const CHAT = { name: "Chat", url: "chat/x" }

const menuOf = (services, user = "") => placeOf({ ...WHOLE, services }, user).groups

test("addresses lose their last slash, and what is missing is the page's own origin", () => {
  const { host, streamer } = placeOf(WHOLE, "")
  assert.deepEqual([host, streamer], ["http://a.example", "http://b.example"])
  assert.equal(placeOf({ username: "devel" }, "").host, "")
})

test("a menu is read in its new and in its old shape", () => {
  const groups = [{ name: "Chats", services: [CHAT] }]
  assert.deepEqual(menuOf([{ Chats: [CHAT] }]), groups)
  assert.deepEqual(menuOf({ Chats: [CHAT] }), groups)
})

test("what is no entry of a menu is left out", () => {
  const odd = [null, 7, "x", { Chats: [null, 3, {}, { name: "No address" }, CHAT], Empty: null, Text: "chat/x" }]
  assert.deepEqual(menuOf(odd), [{ name: "Chats", services: [CHAT] }])
  for (const services of [null, undefined, 7, "text"]) assert.deepEqual(menuOf(services), [])
})

test("an answer without a name, or with an address that is none, is refused in words", () => {
  for (const answer of [{}, { username: 7 }, { ...WHOLE, host: "localhost:8080" }, { ...WHOLE, streamer: "http://" }]) {
    assert.throws(() => placeOf(answer, ""), /shape/)
  }
})

test("an entry for some is seen by them, and the others learn that there is more", () => {
  const services = [{ Chats: [CHAT, { ...CHAT, name: "Staff", users: "ann,bob" }] }]
  const seen = (user) => placeOf({ ...WHOLE, services }, user)
  assert.equal(seen("ann").groups[0].services.length, 2)
  assert.equal(seen("ann").more, false)
  assert.equal(seen("carl").groups[0].services.length, 1)
  assert.equal(seen("carl").more, false)
  assert.equal(seen("").more, true)
})
