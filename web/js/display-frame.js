/**
 * Runs within the sandbox of the display area: puts HTML of an action into the page, without its scripts.
 * `DOMParser` never runs scripts, and the policy of `display.html` lets no other than this one run.
 * A classic script, since the sandbox has no origin and modules would need one.
 */

{
  const shown = document.body

  addEventListener("message", ({ source, data }) => {
    if (source !== parent || typeof data !== "string") return
    const parsed = new DOMParser().parseFromString(data, "text/html")
    for (const script of parsed.querySelectorAll("script, base, meta")) script.remove()
    for (const element of parsed.querySelectorAll("*")) {
      for (const { name } of [...element.attributes]) if (/^on/i.test(name)) element.removeAttribute(name)
    }
    for (const link of parsed.querySelectorAll("a[href]")) link.setAttribute("target", "_blank")
    shown.replaceChildren(...parsed.head.querySelectorAll("style"), ...parsed.body.childNodes)
  })

  new ResizeObserver(() => parent.postMessage(document.documentElement.offsetHeight, "*")).observe(document.documentElement)
  parent.postMessage("ready", "*")
}
