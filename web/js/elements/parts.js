/** Ways to reach the markup of `index.html`. */

/**
 * @param {string} name of a `<template data-template>`
 * @returns {DocumentFragment} a fresh copy
 */
export function fromTemplate(name) {
  const template = document.querySelector(`template[data-template="${name}"]`)
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`no template ${name}`)
  return document.importNode(template.content, true)
}

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} name the element carries `data-<name>`
 * @param {new () => T} [type]
 * @returns {T}
 */
export function part(root, name, type) {
  const found = root.querySelector(`[data-${name}]`)
  if (!(found instanceof (type ?? HTMLElement))) throw new Error(`no part ${name}`)
  return /** @type {T} */ (found)
}

/**
 * Tell whoever wires the page that a person wants something.
 *
 * @param {EventTarget} from
 * @param {string} name
 * @param {unknown} [detail]
 */
export function wish(from, name, detail) {
  from.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }))
}
