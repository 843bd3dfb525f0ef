/**
 * The keyboard. No shortcut is a bare letter, so that none fires while somebody dictates or types with
 * an aid (WCAG 2.1.4), and all work on keyboards of any language because they go by the key's place.
 */

const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent)

/**
 * `code` is the place of the key, `key` its meaning; `help` names the sentence in the help sheet.
 *
 * @typedef {{ wish: string, help: string, code?: string, key?: string, alt?: boolean, command?: boolean }} Shortcut
 */

/** @type {Shortcut[]} */
export const SHORTCUTS = [
  { wish: "chat-new", help: "keys.new", code: "KeyN", alt: true },
  { wish: "focus-composer", help: "keys.box", code: "KeyM", alt: true },
  { wish: "chat-stop", help: "keys.stop", key: "Escape" },
  { wish: "message-previous", help: "keys.previous", key: "ArrowUp", alt: true },
  { wish: "message-next", help: "keys.next", key: "ArrowDown", alt: true },
  { wish: "transcript-jump", help: "keys.end", key: "End", alt: true },
  { wish: "focus-search", help: "keys.search", code: "KeyK", command: true },
  { wish: "settings", help: "keys.settings", code: "Comma", command: true },
  { wish: "help", help: "keys.help", code: "Slash", command: true },
]

/**
 * @param {KeyboardEvent} event
 * @returns {Shortcut | undefined}
 */
export function shortcutFor(event) {
  const command = MAC ? event.metaKey : event.ctrlKey
  return SHORTCUTS.find(
    (shortcut) =>
      (shortcut.key ? shortcut.key === event.key : shortcut.code === event.code) &&
      Boolean(shortcut.alt) === event.altKey &&
      Boolean(shortcut.command) === command,
  )
}

/**
 * @param {Shortcut} shortcut
 * @returns {string[]} the keys to press together, as they are printed
 */
export function keysOf({ key, code, alt, command }) {
  const printed = PRINTED[key ?? code ?? ""] ?? (code ?? key ?? "").replace("Key", "")
  return [...(alt ? [MAC ? "⌥" : "Alt"] : []), ...(command ? [MAC ? "⌘" : "Ctrl"] : []), printed]
}

/** @type {Record<string, string>} */
const PRINTED = { ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Comma: ",", Slash: "/" }
