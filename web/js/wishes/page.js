/** What the elements ask for with events, and those who grant it. */

import { part } from "../elements/parts.js"

/** @import { Api } from "../api.js" */
/** @import { Chat } from "../chat.js" */
/** @import { ChatComposer } from "../elements/chat-composer.js" */
/** @import { ChatSidebar } from "../elements/chat-sidebar.js" */
/** @import { ChatTranscript } from "../elements/chat-transcript.js" */
/** @import { Library } from "../library.js" */
/** @import { Store } from "../store.js" */

/**
 * `enter` learns the place and shows what the address names.
 *
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

/**
 * @param {string} name
 * @param {(detail: any, target: Element) => unknown} act
 */
export function on(name, act) {
  document.addEventListener(name, (event) => {
    act(/** @type {CustomEvent} */ (event).detail, /** @type {Element} */ (event.target))
  })
}

/** @param {string} words for the status line */
export function announce(words) {
  part(document, "live").textContent = words
}
