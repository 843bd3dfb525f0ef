/**
 * The page's own words. One file per language in `lang/`; a further language is one further file.
 *
 * A file named after the language (`de.js`) is used by itself for everybody whose browser asks for it.
 */

import english from "./lang/en.js"

/** @typedef {{ direction: "ltr" | "rtl", words: Record<string, string> }} Language */

/** @type {Language} */
let current = english
let code = "en"

/** The language in use, as a BCP 47 code. */
export function language() {
  return code
}

/**
 * @param {string} key
 * @param {Record<string, string | number>} [values] fill `{name}` in the sentence
 * @returns {string} the sentence, in English where the language lacks it
 */
export function t(key, values = {}) {
  const sentence = current.words[key] ?? english.words[key]
  if (sentence === undefined) throw new Error(`no words for ${key}`)
  return sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""))
}

/**
 * Take the first language that exists, mark the document with it and put its words in place.
 *
 * @param {readonly string[]} wanted BCP 47 codes, best first
 */
export async function speak(wanted) {
  for (const tag of wanted) {
    const found = await loaded(tag.split("-")[0]?.toLowerCase() ?? "")
    if (found) return use(found.code, found.language)
  }
  use("en", english)
}

/**
 * Fill what `data-t`, `data-t-label` and `data-t-placeholder` name.
 *
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const [attribute, put] of PLACES) {
    for (const element of root.querySelectorAll(`[${attribute}]`)) {
      put(element, t(element.getAttribute(attribute) ?? ""))
    }
  }
}

/** @type {[string, (element: Element, words: string) => void][]} */
const PLACES = [
  ["data-t", (element, words) => (element.textContent = words)],
  ["data-t-label", (element, words) => element.setAttribute("aria-label", words)],
  ["data-t-title", (element, words) => element.setAttribute("title", words)],
  ["data-t-placeholder", (element, words) => element.setAttribute("placeholder", words)],
]

/** @param {string} wanted */
async function loaded(wanted) {
  if (wanted === "en") return { code: wanted, language: english }
  if (!/^[a-z]{2,3}$/.test(wanted)) return null
  try {
    const { default: language } = await import(`./lang/${wanted}.js`)
    return { code: wanted, language }
  } catch {
    // No such file, or the site's start page in its place: nobody has written this language yet.
    return null
  }
}

/**
 * @param {string} newCode
 * @param {Language} language
 */
function use(newCode, language) {
  code = newCode
  current = language
  document.documentElement.lang = newCode
  document.documentElement.dir = language.direction
  translate(document)
  for (const template of document.querySelectorAll("template")) translate(template.content)
}
