/** Wishes about what is said. */

import { focusVersion } from "../elements/message-versions.js"
import { ApiError } from "../http.js"
import { reasonOf } from "../health.js"
import { t } from "../i18n.js"
import { closeMenu } from "./menu.js"
import { announce, on } from "./page.js"

/** @import { Page } from "./page.js" */

/** @param {Page} page */
export function followChat({ chat, store, composer, transcript }) {
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
    transcript.jump()
    composer.focusText()
  })
  on("chat-stop", () => chat.stop())
  on("chat-again", (id) => again(() => chat.again(id)))
  on("chat-go-on", (id) => again(() => chat.goOn(id)))
  on("chat-edit", ({ id, text }) => again(() => chat.edit(id, text)))
  on("message-turn", ({ id, step }) => {
    // At once, so that the next key finds the button that this one pressed.
    const turned = chat.turn(id, step)
    if (!turned) return
    const message = transcript.message(turned.id)
    if (message) focusVersion(message, step)
    announce(t("version.shown", turned))
  })
  on("model-pick", async (model) => {
    try {
      await chat.pick(model)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const reason = reasonOf(error)
      store.update({ health: { ...store.state.health, ok: false, reason } })
      announce(reason)
    }
  })

  /** @param {() => Promise<void>} ask whose button goes away, so that the focus needs a place */
  function again(ask) {
    ask()
    transcript.jump()
    composer.focusText()
  }
}
