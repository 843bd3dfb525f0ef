/** A form that an action asks to be filled in. All values are sent as text, a file as base64. */

import { t } from "../i18n.js"
import { wish } from "./parts.js"

/** @import { Field } from "../answer.js" */

/** With the rest of the request it must fit into the 1 MiB that OpenServerless takes. */
const MAX_FILE_BYTES = 700_000

export class ChatForm extends HTMLElement {
  #fields

  /** @param {Field[]} fields */
  constructor(fields) {
    super()
    this.#fields = fields
  }

  connectedCallback() {
    if (this.firstChild) return
    this.className = "form"
    const form = document.createElement("form")
    const send = document.createElement("button")
    send.className = "button"
    send.dataset.look = "main"
    send.textContent = t("form.send")
    form.append(...this.#fields.map(fieldNode), send)
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      this.#submit(new FormData(form))
    })
    this.append(form)
  }

  /** @param {FormData} data */
  async #submit(data) {
    /** @type {Record<string, string>} */
    const form = {}
    const shown = []
    for (const { name, label, type } of this.#fields) {
      const value = data.get(name)
      form[name] = value instanceof File ? await base64(value) : (value ?? "")
      const words = value instanceof File ? value.name : type === "checkbox" ? t(value ? "form.yes" : "form.no") : value
      if (words) shown.push(`${label}: ${words}`)
    }
    wish(this, "chat-send", { input: { form }, shown: shown.join("\n") })
  }
}

/** @param {Field} field */
function fieldNode(field) {
  if (field.type === "radio") return choiceNode(field)
  const label = document.createElement("label")
  label.className = "field"
  label.dataset.type = field.type
  const name = document.createElement("span")
  name.textContent = field.label
  label.append(name, controlOf(field))
  return label
}

/** @param {Field} field */
function choiceNode({ name, label, options, required }) {
  const group = document.createElement("fieldset")
  group.className = "field"
  const legend = document.createElement("legend")
  legend.textContent = label
  group.append(legend)
  for (const option of options) {
    const choice = document.createElement("label")
    choice.className = "field__choice"
    const input = document.createElement("input")
    Object.assign(input, { type: "radio", name, value: option, required })
    choice.append(input, option)
    group.append(choice)
  }
  return group
}

/** @param {Field} field */
function controlOf({ name, type, required, options }) {
  if (type === "textarea") return Object.assign(document.createElement("textarea"), { name, required, rows: 4 })
  if (type === "select") return selectOf(name, required, options)
  const input = document.createElement("input")
  input.type = INPUT_TYPES.has(type) ? type : "text"
  input.name = name
  input.required = required
  if (type === "checkbox") input.value = "true"
  if (type === "file") input.addEventListener("change", () => checkSize(input))
  return input
}

const INPUT_TYPES = new Set(["checkbox", "date", "email", "file", "number", "password", "tel", "text", "time", "url"])

/**
 * @param {string} name
 * @param {boolean} required
 * @param {string[]} options
 */
function selectOf(name, required, options) {
  const select = Object.assign(document.createElement("select"), { name, required })
  select.append(...options.map((option) => new Option(option)))
  return select
}

/** @param {HTMLInputElement} input */
function checkSize(input) {
  const large = (input.files?.[0]?.size ?? 0) > MAX_FILE_BYTES
  input.setCustomValidity(large ? t("form.large", { size: Math.round(MAX_FILE_BYTES / 1000) }) : "")
  input.reportValidity()
}

/**
 * @param {File} file
 * @returns {Promise<string>} "" when no file was chosen
 */
function base64(file) {
  if (file.size === 0) return Promise.resolve("")
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener("load", () => resolve(String(reader.result).replace(/^[^,]*,/, "")))
    reader.addEventListener("error", () => reject(reader.error))
    reader.readAsDataURL(file)
  })
}

customElements.define("chat-form", ChatForm)
