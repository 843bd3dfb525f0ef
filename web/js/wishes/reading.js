/** Wishes of a reader: moving, copying, editing, looking at images and at what an action shows. */

import { ApiError } from "../http.js"
import { t } from "../i18n.js"
import { announce, on } from "./page.js"

/** @import { Page } from "./page.js" */

const SHOWN_DONE_MS = 2_000

/** @param {Page} page */
export function followReading({ api, store, transcript, composer }) {
  on("transcript-jump", () => transcript.jump())
  on("transcript-follow", (following) => composer.offerJump(!following))
  on("message-previous", () => transcript.focusNext(-1))
  on("message-next", () => transcript.focusNext(1))
  on("focus-composer", (isOurs) => composer.focusText(!isOurs))
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    event.preventDefault()
    composer.focusText(true)
  })
  on("message-edit", (id) => edit(id))
  on("message-edit-last", () => {
    const last = store.state.messages.findLast(({ from }) => from === "user")
    if (last && !store.running) edit(last.id)
  })
  on("copy", (text, button) => copy(text, button))
  on("image-show", async (source, button) => {
    const { shownImage } = await import("../markdown/images.js")
    button.replaceWith(shownImage(source, button instanceof HTMLElement ? (button.dataset.name ?? "") : ""))
  })
  on("display", async ({ data, into }) => {
    try {
      into.showHtml(await api.display(data))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      into.showProblem(t(error.problem.key === "missing" ? "display.missing" : `problem.${error.problem.key}`))
    }
  })

  /** @param {string} id */
  async function edit(id) {
    const message = transcript.message(id)
    const { editMessage } = await import("../elements/message-editor.js")
    if (message) editMessage(message, id)
  }
}

/**
 * @param {string} text
 * @param {Element} button
 */
async function copy(text, button) {
  const { copyText } = await import("../clipboard.js")
  const done = await copyText(text)
  announce(t(done ? "copy.done" : "copy.failed"))
  if (done) showDone(button)
}

/** @param {Element} button that says for a while that it has done what it says */
function showDone(button) {
  const icon = button.querySelector("use")
  const before = icon?.getAttribute("href") ?? button.textContent ?? ""
  if (icon) icon.setAttribute("href", "#icon-done")
  else button.textContent = t("copy.done")
  button.setAttribute("data-done", "")
  setTimeout(() => {
    if (icon) icon.setAttribute("href", before)
    else button.textContent = before
    button.removeAttribute("data-done")
  }, SHOWN_DONE_MS)
}
