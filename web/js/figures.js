/** Figures of a reply, in a quiet line. */

import { language, t } from "./i18n.js"

/** @import { Figures } from "./state.js" */

/**
 * @param {Figures | null} figures
 * @param {number} lost objects that the stream damaged
 * @returns {string}
 */
export function figuresLine(figures, lost) {
  const parts = []
  if (figures?.model) parts.push(figures.model)
  if (figures?.insteadOf?.length) parts.push(t("figures.instead", { names: figures.insteadOf.join(", ") }))
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
 * @returns {string} as exactly as a person wants to know
 */
export function seconds(milliseconds) {
  const value = milliseconds / 1000
  if (value < 0.1) return inUnits("millisecond", Math.max(milliseconds, 1), 0)
  return inUnits("second", value, value < 1 ? 2 : value < 10 ? 1 : 0)
}

/**
 * @param {string} unit
 * @param {number} value
 * @param {number} digits
 */
function inUnits(unit, value, digits) {
  const format = { style: "unit", unit, unitDisplay: "narrow", maximumFractionDigits: digits }
  return new Intl.NumberFormat(language(), /** @type {Intl.NumberFormatOptions} */ (format)).format(value)
}

/**
 * @param {number} value
 * @param {number} digits
 */
function number(value, digits) {
  return new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(value)
}
