/** Wire the page. The only code that runs by itself. */

import { Api } from "./api.js"
import { ApiError } from "./http.js"
import { Archive } from "./archive.js"
import { browserStorage } from "./browser-storage.js"
import { Chat } from "./chat.js"
import { ChatComposer } from "./elements/chat-composer.js"
import { ChatModel } from "./elements/chat-model.js"
import { ChatSidebar } from "./elements/chat-sidebar.js"
import { ChatStatus } from "./elements/chat-status.js"
import { ChatTranscript } from "./elements/chat-transcript.js"
import { part } from "./elements/parts.js"
import { watchHealth } from "./health.js"
import { speak, t } from "./i18n.js"
import { Keeper } from "./keeper.js"
import { Library } from "./library.js"
import { narrow } from "./policy.js"
import { preferences } from "./preferences.js"
import { session } from "./session.js"
import { shortcutFor } from "./shortcuts.js"
import { SteadyArchive } from "./steady-archive.js"
import { Store } from "./store.js"
import { Tabs } from "./tabs.js"
import { followChat } from "./wishes/chat.js"
import { followConversations } from "./wishes/conversations.js"
import { followLogin } from "./wishes/login.js"
import { followMenu } from "./wishes/menu.js"
import { followReading } from "./wishes/reading.js"
import { followSettings } from "./wishes/settings.js"

/** @import { Place } from "./place.js" */

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
 * @param {Store} store
 * @param {Chat} chat
 * @param {Library} library
 */
async function showAddressed(store, chat, library) {
  const { current, place } = store.state
  const first = current && !current.title ? { name: current.name, url: current.action } : firstChat(place)
  if (location.hash && (await library.open(location.hash.slice(1)))) return
  if (first) await chat.start(first)
}

/** @param {Place | null} place */
function firstChat(place) {
  return place?.groups.flatMap(({ services }) => services).find(({ iframe }) => !iframe)
}

/** @param {Store} store */
function followTitle(store) {
  store.watch(["current"], ({ current }) => {
    const title = current?.title || current?.name || ""
    part(document, "title").textContent = title || t("app.name")
    part(document, "chat-menu-button").hidden = !current?.title
    document.title = title ? `${title} · MastroGPT` : "MastroGPT"
    const address = current?.title ? `#${current.id}` : location.pathname
    if (current && address !== (location.hash || location.pathname)) history.pushState(null, "", address)
  })
}

async function main() {
  await speak([preferences().language, ...navigator.languages].filter(Boolean))
  const { user, token } = session()
  const api = new Api(token)
  const store = new Store()
  store.update({ user })
  if (!browserStorage.isKept) store.unkeep("settings")
  // Some browsers keep nothing. The page works, and says so.
  const archive = new SteadyArchive(Archive.open(), () => store.unkeep("conversations"))
  const tabs = new Tabs()
  const keeper = new Keeper(archive, tabs)
  const library = new Library(archive, keeper, store, tabs)
  const chat = new Chat(api, store, library)
  const listed = keeper.recover().then(() => library.list())

  const sidebar = element("chat-sidebar", ChatSidebar)
  const transcript = element("chat-transcript", ChatTranscript)
  const composer = element("chat-composer", ChatComposer)
  sidebar.attach(store, (words) => library.search(words))
  transcript.attach(store)
  composer.attach(store)
  element("chat-model", ChatModel).attach(store)
  element("chat-status", ChatStatus).attach(store)
  followTitle(store)
  watchHealth(api, store)

  const enter = async () => {
    store.update({ phase: "starting", problem: null })
    try {
      const place = await api.enter(store.state.user)
      narrow(place)
      store.update({ phase: "ready", place })
      if (location.hash) await listed
      await showAddressed(store, chat, library)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      store.update({ phase: "unreachable", problem: error.problem })
      await listed
      await library.open(location.hash.slice(1))
    }
  }
  const page = { api, store, chat, library, sidebar, transcript, composer, enter }
  for (const follow of [followChat, followReading, followConversations, followSettings, followLogin]) follow(page)
  followMenu()
  addEventListener("popstate", () => showAddressed(store, chat, library))
  await enter()
}

/** What is typed while nothing has the focus is meant for the message box. */
function typeIntoBox(/** @type {KeyboardEvent} */ event) {
  const isText = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey
  if (isText && event.target === document.body) element("chat-composer", ChatComposer).focusText(true)
}

document.addEventListener("keydown", (event) => {
  const shortcut = event.defaultPrevented || document.querySelector("dialog[open]") ? undefined : shortcutFor(event)
  const menu = document.querySelector(":popover-open")
  // Escape closes a menu; it does not stop the reply behind it too.
  if (!shortcut) return typeIntoBox(event)
  if (menu && event.key === "Escape") return
  if (menu instanceof HTMLElement) menu.hidePopover()
  event.preventDefault()
  document.dispatchEvent(new CustomEvent(shortcut.wish))
})

await main()
