/**
 * Narrow the page's Content-Security-Policy once the deployment has named its origins.
 *
 * Policies only add up, so the meta tag of `index.html` must allow connections before anything is known,
 * and a second one can then take back all but these.
 */

/** @import { Place } from "./place.js" */

let narrowed = false

/** @param {Place} place */
export function narrow({ host, streamer }) {
  if (narrowed) return
  narrowed = true
  const origins = new Set([host, streamer].filter(Boolean).map((url) => new URL(url).origin))
  const meta = document.createElement("meta")
  meta.httpEquiv = "Content-Security-Policy"
  meta.content = `connect-src 'self' ${[...origins].join(" ")}`
  document.head.append(meta)
}
