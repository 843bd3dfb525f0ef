/** As much of marked as the page uses. */

export interface Extension {
  name: string
  level: "block" | "inline"
  start(source: string): number | undefined
  tokenizer(source: string): { type: string; raw: string; text: string; display: boolean } | undefined
}

export class Marked {
  constructor(options: { gfm: boolean; breaks: boolean; extensions: Extension[] })
  lexer(source: string): unknown[]
}
