/** As much of marked as the page uses. */

type Tokens = any[] & { links: Record<string, { href: string; title: string | null }> }

export interface Extension {
  name: string
  level: "block" | "inline"
  start(this: { lexer: any }, source: string): number | undefined
  tokenizer(
    this: { lexer: any },
    source: string,
    before: { raw: string }[],
  ): { type: string; raw: string; text: string; display: boolean } | undefined
}

export class Tokenizer {
  lexer: Lexer
  def(source: string): { type: string; tag: string; raw: string; href: string; title?: string } | undefined
  lheading(source: string): { type: string; raw: string } | undefined
  list(source: string): { type: string; raw: string } | undefined
}

export class Lexer {
  constructor(options: object)
  tokens: Tokens
  inlineQueue: { src: string; tokens: any[] }[]
  state: { inRawBlock: boolean }
  blockTokens(source: string, tokens?: any[], clipped?: boolean): any[]
  inlineTokens(source: string, tokens?: any[]): any[]
}

export class Marked {
  constructor(options: { gfm: boolean; breaks: boolean; extensions: Extension[] })
  defaults: object
}
