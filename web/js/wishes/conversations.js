/** Wishes about conversations: opened, renamed, deleted, exported. */

import { part } from "../elements/parts.js"
import { t } from "../i18n.js"
import { closeMenu } from "./menu.js"
import { on } from "./page.js"

/** @import { Conversation } from "../state.js" */
/** @import { Page } from "./page.js" */

/** @param {Page} page */
export function followConversations({ store, chat, library, composer }) {
  on("conversation-open", async (id) => {
    closeMenu()
    await library.open(id)
    composer.focusText()
  })
  on("conversation-rename", () =>
    withCurrent(async ({ id, title, name }) => {
      const { askFor } = await import("../elements/dialogs.js")
      askFor(t("conversation.rename-title"), title || name, (chosen) => library.change(id, { title: chosen }))
    }),
  )
  on("conversation-delete", () =>
    withCurrent(async ({ id, title, name }) => {
      const { confirmThat } = await import("../elements/dialogs.js")
      confirmThat(t("conversation.delete-words", { title: title || name }), t("conversation.delete"), async () => {
        chat.stopAll()
        await library.remove(id)
        document.dispatchEvent(new CustomEvent("chat-new"))
      })
    }),
  )
  on("conversation-export", (format) =>
    withCurrent(async (current) => {
      const { fileName, jsonOf, markdownOf, save } = await import("../export.js")
      const messages = store.state.messages.filter(({ opening }) => !opening)
      const others = store.state.tree.filter((message) => !messages.includes(message))
      if (format === "json") save(fileName(current, "json"), "application/json", jsonOf(current, messages, others))
      else save(fileName(current, "md"), "text/markdown", markdownOf(current, messages, t("message.you")))
    }),
  )

  /** @param {(current: Conversation) => void} act */
  function withCurrent(act) {
    part(document, "chat-menu").hidePopover()
    if (store.state.current) act(store.state.current)
  }
  for (const button of document.querySelectorAll("[data-wish]")) {
    const { wish = "", detail } = /** @type {HTMLElement} */ (button).dataset
    button.addEventListener("click", () => document.dispatchEvent(new CustomEvent(wish, { detail })))
  }
}
