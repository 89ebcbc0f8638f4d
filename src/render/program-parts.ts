import { type PackedProgram, type ProgramPiece, packedLimits } from '../domain/packed-program.ts'
import type { Json } from '../domain/plain-json.ts'
import { unreachable } from '../domain/unreachable.ts'
import { sha256Hex } from '../text/digest.ts'
import { cutText } from './program-chunks.ts'

/** Text that stays, or texts that become contents. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: Moved; readonly contents: readonly Content[] }

type Moved = 'contents' | 'peers'

interface Content {
  readonly digest: string
  readonly text: string
}

export interface PackedParts {
  readonly program: Json
  /** Digest → data of everything that `program` refers to. */
  readonly contents: ReadonlyMap<string, string>
}

export function textPart(text: string): Part {
  return { kind: 'text', text }
}

export function movedPart(kind: Moved, texts: readonly string[]): Part {
  return { kind, contents: texts.map((text) => ({ digest: sha256Hex(text), text })) }
}

/** Texts that stand side by side are one. */
export function mergedTexts(parts: readonly Part[]): readonly Part[] {
  const result: Part[] = []
  let texts: string[] = []
  const closeText = (): void => {
    if (texts.length > 0) result.push(textPart(texts.join('')))
    texts = []
  }
  for (const part of parts) {
    if (part.kind === 'text') {
      texts.push(part.text)
    } else {
      closeText()
      result.push(part)
    }
  }
  closeText()
  return result
}

/** Moves the longest texts away until the rest is short enough; undefined when even references alone are too many. */
export function fitted(parts: readonly Part[]): readonly Part[] | undefined {
  const result = [...parts]
  let inlineBytes = result.reduce((sum, part) => sum + inlineSize(part), jsonSize({ pieces: [] }))
  const texts = [...result.entries()].flatMap(([index, part]) => (part.kind === 'text' ? [{ index, part }] : []))
  for (const { index, part } of texts.toSorted((a, b) => inlineSize(b.part) - inlineSize(a.part))) {
    if (inlineBytes <= packedLimits.inline) break
    const moved = movedPart('contents', cutText(part.text))
    inlineBytes += inlineSize(moved) - inlineSize(part)
    result[index] = moved
  }
  return inlineBytes <= packedLimits.inline ? result : undefined
}

function inlineSize(part: Part): number {
  return 1 + jsonSize(pieceOf(part))
}

function jsonSize(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value))
}

export function sizeOf(parts: readonly Part[]): number {
  return parts.flatMap(textsIn).reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}

function textsIn(part: Part): readonly string[] {
  return part.kind === 'text' ? [part.text] : part.contents.map(({ text }) => text)
}

export function stored(parts: readonly Part[]): PackedParts {
  const program: PackedProgram = { pieces: parts.map(pieceOf) }
  const contents = parts.flatMap((part) => (part.kind === 'text' ? [] : part.contents))
  return { program: { ...program }, contents: new Map(contents.map(({ digest, text }) => [digest, text])) }
}

function pieceOf(part: Part): ProgramPiece {
  switch (part.kind) {
    case 'text':
      return part.text
    case 'contents':
      return { contents: part.contents.map(({ digest }) => digest) }
    case 'peers':
      return { peers: part.contents.map(({ digest }) => digest) }
    default:
      return unreachable(part)
  }
}
