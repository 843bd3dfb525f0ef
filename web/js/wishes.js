/** What the elements ask for, and what then happens. */

import { ApiError } from "./api.js"
import { part } from "./elements/parts.js"
import { speak, t } from "./i18n.js"
import { prefer } from "./preferences.js"
import { endSession, keepSession } from "./session.js"

/** @import { Api, Problem } from "./api.js" */
/** @import { Chat } from "./chat.js" */
/** @import { ChatComposer } from "./elements/chat-composer.js" */
/** @import { ChatSidebar } from "./elements/chat-sidebar.js" */
/** @import { ChatTranscript } from "./elements/chat-transcript.js" */
/** @import { Library } from "./library.js" */
/** @import { Store } from "./store.js" */

/**
 * @typedef {{
 *   api: Api,
 *   store: Store,
 *   chat: Chat,
 *   library: Library,
 *   sidebar: ChatSidebar,
 *   transcript: ChatTranscript,
 *   composer: ChatComposer,
 *   enter: () => Promise<void>,
 * }} Page
 */

/** @param {Page} page */
export function followWishes(page) {
  followChat(page)
  followReading(page)
  followConversations(page)
  followDialogs(page)
  followLogin(page)
  followMenu(page)
}

/**
 * @param {string} name
 * @param {(detail: any, target: Element) => unknown} act
 */
function on(name, act) {
  document.addEventListener(name, (event) => {
    act(/** @type {CustomEvent} */ (event).detail, /** @type {Element} */ (event.target))
  })
}

/** @param {Page} page */
function followChat({ chat, store, composer }) {
  on("chat-start", (service) => {
    closeMenu()
    chat.start(service)
    composer.focusText()
  })
  on("chat-new", () => {
    const { current } = store.state
    closeMenu()
    if (current) chat.start({ name: current.name, url: current.action })
    composer.focusText()
  })
  on("chat-send", ({ input, shown }) => {
    chat.send(input, shown)
    composer.focusText()
  })
  on("chat-stop", () => chat.stop())
  on("chat-again", (id) => again(() => chat.again(id)))
  on("chat-go-on", (id) => again(() => chat.goOn(id)))
  on("chat-edit", ({ id, text }) => again(() => chat.edit(id, text)))
  on("model-pick", async (model) => {
    try {
      await chat.pick(model)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      announce(t(`problem.${error.problem.key}`))
    }
  })

  /** @param {() => Promise<void>} ask whose button goes away, so that the focus needs a place */
  function again(ask) {
    ask()
    composer.focusText()
  }
}

/** @param {Page} page */
function followReading({ api, store, transcript, composer }) {
  on("transcript-jump", () => transcript.jump())
  on("transcript-follow", (following) => composer.offerJump(!following))
  on("message-previous", () => transcript.focusNext(-1))
  on("message-next", () => transcript.focusNext(1))
  on("focus-composer", () => composer.focusText())
  on("message-edit", (id) => edit(id))
  on("message-edit-last", () => {
    const last = store.state.messages.findLast(({ from }) => from === "user")
    if (last && !store.running) edit(last.id)
  })
  on("copy", (text, button) => copy(text, button))
  on("image-show", async (source, button) => {
    const { shownImage } = await import("./markdown/nodes.js")
    button.replaceWith(shownImage(source, button.textContent ?? ""))
  })
  on("display", async ({ data, into }) => {
    try {
      into.showHtml(await api.display(data))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      into.showProblem(t(`problem.${error.problem.key}`))
    }
  })

  /** @param {string} id */
  async function edit(id) {
    const message = transcript.message(id)
    const { editMessage } = await import("./elements/message-editor.js")
    if (message) editMessage(message, id)
  }
}

/** @param {Page} page */
function followConversations({ store, library, composer }) {
  on("conversation-open", async (id) => {
    closeMenu()
    await library.open(id)
    composer.focusText()
  })
  on("conversation-rename", () =>
    withCurrent(async ({ id, title, name }) => {
      const { askFor } = await import("./elements/dialogs.js")
      askFor(t("conversation.rename-title"), title || name, (chosen) => library.change(id, { title: chosen }))
    }),
  )
  on("conversation-delete", () =>
    withCurrent(async ({ id, title, name }) => {
      const { confirmThat } = await import("./elements/dialogs.js")
      confirmThat(t("conversation.delete-words", { title: title || name }), t("conversation.delete"), async () => {
        await library.remove(id)
        document.dispatchEvent(new CustomEvent("chat-new"))
      })
    }),
  )
  on("conversation-export", (format) =>
    withCurrent(async (current) => {
      const { fileName, jsonOf, markdownOf, save } = await import("./export.js")
      const messages = store.state.messages.filter(({ opening }) => !opening)
      if (format === "json") save(fileName(current, "json"), "application/json", jsonOf(current, messages))
      else save(fileName(current, "md"), "text/markdown", markdownOf(current, messages, t("message.you")))
    }),
  )

  /** @param {(current: import("./store.js").Conversation) => void} act */
  function withCurrent(act) {
    part(document, "chat-menu").hidePopover()
    if (store.state.current) act(store.state.current)
  }
  for (const button of document.querySelectorAll("[data-wish]")) {
    const { wish = "", detail } = /** @type {HTMLElement} */ (button).dataset
    button.addEventListener("click", () => document.dispatchEvent(new CustomEvent(wish, { detail })))
  }
}

/** @param {Page} page */
function followDialogs({ store, chat, sidebar }) {
  on("help", async () => (await import("./elements/dialogs.js")).showHelp())
  on("settings", async () => {
    const { showSettings } = await import("./elements/dialogs.js")
    const { current } = store.state
    closeMenu()
    if (!current) return
    showSettings(current.settings, (settings) => chat.configure(settings), async (changes) => {
      prefer(changes)
      if (changes.language !== undefined) location.reload()
    })
  })
  on("focus-search", () => {
    openMenu()
    sidebar.focusSearch()
  })
}

/** @param {Page} page */
function followLogin({ api, store, library, enter }) {
  const ask = async () => {
    const { showLogin } = await import("./elements/dialogs.js")
    showLogin(async (username, password) => {
      try {
        if (!(await api.login(username, password))) return t("login.refused")
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        return t(`problem.${error.problem.key}`)
      }
      keepSession({ user: username, token: api.token })
      store.update({ user: username })
      await library.list()
      await enter()
      return ""
    })
  }
  on("login", ask)
  on("logout", () => {
    endSession()
    location.assign("/")
  })
  const needed = (/** @type {Problem | null | undefined} */ problem) => problem?.key === "login" && ask()
  store.addEventListener("problem", () => needed(store.state.problem))
  store.addEventListener("message", (event) => {
    const id = /** @type {CustomEvent<string>} */ (event).detail
    needed(store.state.messages.find((message) => message.id === id)?.problem)
  })
  part(document, "enter").addEventListener("click", enter)
  store.watch(["phase"], ({ phase, problem }) => {
    part(document, "unreachable").hidden = phase !== "unreachable"
    part(document, "unreachable-words").textContent = problem ? t(`problem.${problem.key}`) : ""
    part(document, "unreachable-detail").textContent = problem?.detail ?? ""
  })
}

/** @param {Page} _page */
function followMenu(_page) {
  part(document, "menu-button").addEventListener("click", openMenu)
  part(document, "scrim").addEventListener("click", closeMenu)
  document.querySelector(".sidebar")?.addEventListener("keydown", (event) => {
    if (/** @type {KeyboardEvent} */ (event).key === "Escape" && document.body.dataset.menu === "open") {
      event.preventDefault()
      closeMenu()
      part(document, "menu-button").focus()
    }
  })
}

function openMenu() {
  document.body.dataset.menu = "open"
  part(document, "menu-button").setAttribute("aria-expanded", "true")
  part(document, "new").focus()
}

function closeMenu() {
  document.body.dataset.menu = "closed"
  part(document, "menu-button").setAttribute("aria-expanded", "false")
}

/**
 * @param {string} text
 * @param {Element} button
 */
async function copy(text, button) {
  const { copyText } = await import("./clipboard.js")
  const done = await copyText(text)
  announce(t(done ? "copy.done" : "copy.failed"))
  button.setAttribute("data-done", "")
  setTimeout(() => button.removeAttribute("data-done"), 2000)
}

/** @param {string} words for the status line */
function announce(words) {
  part(document, "status").textContent = words
}
