/** Figures of a reply, in a quiet line. */

import { language, t } from "./i18n.js"

/** @import { Figures } from "./store.js" */

/**
 * @param {Figures | null} figures
 * @param {number} lost objects that the stream damaged
 * @returns {string}
 */
export function figuresLine(figures, lost) {
  const parts = []
  if (figures?.model) parts.push(figures.model)
  if (figures && figures.tokensPerSecond > 0) {
    const rate = number(figures.tokensPerSecond, figures.tokensPerSecond < 10 ? 1 : 0)
    parts.push(t(figures.measured ? "figures.about-rate" : "figures.rate", { rate }))
  }
  if (figures && figures.firstTokenMs > 0) parts.push(t("figures.first", { time: seconds(figures.firstTokenMs) }))
  if (lost > 0) parts.push(t("figures.lost"))
  return parts.join(" · ")
}

/**
 * @param {number} milliseconds
 * @returns {string} in seconds, as exactly as a person wants to know
 */
export function seconds(milliseconds) {
  const value = milliseconds / 1000
  const digits = value < 1 ? 2 : value < 10 ? 1 : 0
  return new Intl.NumberFormat(language(), {
    style: "unit",
    unit: "second",
    unitDisplay: "narrow",
    maximumFractionDigits: digits,
  }).format(value)
}

/**
 * @param {number} value
 * @param {number} digits
 */
function number(value, digits) {
  return new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(value)
}
