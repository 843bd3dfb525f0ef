/** Puts theme and text size on the document before the first paint. A classic script, so that it runs then. */
{
  const { theme = "", text = "" } = JSON.parse(localStorage.getItem("mastrogpt-preferences") ?? "{}")
  document.documentElement.dataset.theme = theme
  document.documentElement.dataset.text = text
}
