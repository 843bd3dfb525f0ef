/** As much of highlight.js as the page uses. */

declare const hljs: {
  configure(options: { __emitter: new () => object }): void
  getLanguage(name: string): object | undefined
  highlight(code: string, options: { language: string; ignoreIllegals: boolean }): { _emitter: any }
}
export default hljs
