import { type CST, Lexer, Parser } from 'yaml'

export interface TokenLimits {
  /** Collections inside each other. */
  readonly maxDepth: number
  readonly maxDocuments: number
  readonly maxTokens: number
}

export type TokenOutcome =
  | { readonly kind: 'tokens'; readonly tokens: readonly CST.Token[] }
  | { readonly kind: 'too-deep' | 'too-many-documents' | 'too-many-tokens'; readonly offset: number }

/**
 * The concrete syntax of a text, given up as soon as a limit is passed: before anything recursive sees it, so that no
 * nesting can overflow the stack.
 */
export function readTokens(text: string, limits: TokenLimits): TokenOutcome {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let documents = 0
  let surplus: number | undefined
  const take = (token: CST.Token): void => {
    tokens.push(token)
    if (token.type === 'document' && ++documents > limits.maxDocuments) surplus ??= token.offset
  }
  let lexemes = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) take(token)
    lexemes++
    if (depthOf(parser.stack) > limits.maxDepth) return { kind: 'too-deep', offset: parser.offset }
    if (lexemes > limits.maxTokens) return { kind: 'too-many-tokens', offset: parser.offset }
    if (surplus !== undefined) break
  }
  for (const token of parser.end()) take(token)
  return surplus === undefined ? { kind: 'tokens', tokens } : { kind: 'too-many-documents', offset: surplus }
}

/** The document itself is at the bottom of the stack, and a scalar may be at its top. */
function depthOf(stack: readonly CST.Token[]): number {
  const top = stack.at(-1)
  return top !== undefined && 'items' in top ? stack.length - 1 : 0
}
