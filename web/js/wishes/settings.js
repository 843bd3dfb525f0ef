/** Wishes about settings, help and search. */

import { speak } from "../i18n.js"
import { prefer } from "../preferences.js"
import { closeMenu, openMenu } from "./menu.js"
import { on } from "./page.js"

/** @import { Page } from "./page.js" */

/** @param {Page} page */
export function followSettings({ store, chat, sidebar }) {
  on("help", async () => (await import("../elements/dialogs.js")).showHelp())
  on("settings", async () => {
    const { showSettings } = await import("../elements/settings-dialog.js")
    const { current } = store.state
    closeMenu()
    if (!current) return
    showSettings(current.settings, (settings) => chat.configure(settings), async (changes) => {
      const kept = prefer(changes)
      if (!kept) store.unkeep("settings")
      if (changes.language === undefined) return
      // What is on the page already has its words; a reply that is arriving, or a choice that is not kept, is worth more.
      if (store.running || !kept) await speak([changes.language, ...navigator.languages].filter(Boolean))
      else location.reload()
    })
  })
  on("focus-search", () => {
    openMenu()
    sidebar.focusSearch()
  })
}
