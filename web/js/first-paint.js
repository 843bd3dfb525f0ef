/** Put theme and text size on the document before the first paint. A classic script, so that it runs then. */
{
  let chosen = null
  try {
    chosen = JSON.parse(localStorage.getItem("mastrogpt-preferences") ?? "{}")
  } catch {
    // The browser keeps nothing, or holds what is not ours: then nothing was chosen.
  }
  const { theme = "", text = "" } = chosen ?? {}
  document.documentElement.dataset.theme = theme
  document.documentElement.dataset.text = text
}
