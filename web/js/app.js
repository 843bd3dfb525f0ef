/** Wires the page. The only code that runs by itself. */

import { Api, ApiError } from "./api.js"
import { Chat } from "./chat.js"
import { ChatComposer } from "./elements/chat-composer.js"
import { ChatSidebar } from "./elements/chat-sidebar.js"
import { ChatStatus } from "./elements/chat-status.js"
import { ChatTranscript } from "./elements/chat-transcript.js"
import { part } from "./elements/parts.js"
import { speak } from "./i18n.js"
import { narrow } from "./policy.js"
import { Store } from "./store.js"

const api = new Api()
const store = new Store()
const chat = new Chat(api, store)

const sidebar = element("chat-sidebar", ChatSidebar)
const transcript = element("chat-transcript", ChatTranscript)
const composer = element("chat-composer", ChatComposer)
const status = element("chat-status", ChatStatus)

/**
 * @template {HTMLElement} T
 * @param {string} name
 * @param {new () => T} type
 * @returns {T}
 */
function element(name, type) {
  const found = document.querySelector(name)
  if (!(found instanceof type)) throw new Error(`no ${name} on the page`)
  return found
}

/**
 * @param {string} name
 * @param {(detail: any) => void} act
 */
function on(name, act) {
  document.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail))
}

function showMenu(/** @type {boolean} */ open) {
  document.body.dataset.menu = open ? "open" : "closed"
  part(document, "menu-button").setAttribute("aria-expanded", String(open))
}

async function enter() {
  try {
    const place = await api.enter()
    narrow(place)
    store.update({ phase: "ready", place, problem: null })
    const first = place.groups[0]?.services[0]
    if (first) await chat.start(first)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    store.update({ phase: "unreachable", problem: error.problem })
  }
}

await speak(navigator.languages)
sidebar.attach(store)
transcript.attach(store)
composer.attach(store)
status.attach(store)

on("chat-start", (service) => {
  showMenu(false)
  chat.start(service)
  composer.focusText()
})
on("chat-new", () => {
  const { current } = store.state
  if (current) chat.start({ name: current.name, url: current.action })
  composer.focusText()
})
on("chat-send", (input) => chat.send(input))
on("chat-stop", () => chat.stop())
on("chat-retry", (id) => chat.retry(id))
on("transcript-jump", () => transcript.jump())
on("transcript-follow", (following) => composer.offerJump(!following))
part(document, "menu-button").addEventListener("click", () => showMenu(true))
part(document, "scrim").addEventListener("click", () => showMenu(false))
store.watch(["current"], ({ current }) => {
  part(document, "title").textContent = current?.title || current?.name || ""
})

await enter()
