import { type Result, refusal, success } from '../../domain/result.ts'
import type { DeployRules } from './deploy-rules.ts'

/** A part of a file between two separators: what Kubernetes' reader hands to the YAML or JSON parser at once. */
export interface ManifestChunk {
  readonly bytes: Uint8Array
  /** Line of the file that it begins on, from 1. */
  readonly line: number
}

/** A line with `---` that the reader of this release refuses. */
export interface BadSeparator {
  readonly line: number
}

/**
 * Cuts a file at its separators, by lines of bytes and before anything is decoded, and leaves out chunks of blanks and
 * comments. Every line ends in one line feed afterwards, also the last one.
 *
 * @see kubernetes/apimachinery pkg/util/yaml/decoder.go (`YAMLReader`, `LineReader`); k3s-io/k3s
 *   pkg/deploy/controller.go (`isEmptyYaml`); k3s-packaged-components §2.5
 */
export function manifestChunks(bytes: Uint8Array, rules: DeployRules): Result<readonly ManifestChunk[], BadSeparator> {
  const chunks: ManifestChunk[] = []
  let lines: string[] = []
  let first = 1
  const finish = (): void => {
    if (!lines.every(isNothing)) chunks.push({ bytes: Buffer.from(`${lines.join('\n')}\n`, 'latin1'), line: first })
    lines = []
  }
  // One unit for each byte: what is no ASCII passes through as it is.
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\n')
  if (all.at(-1) === '') all.pop()
  for (const [index, raw] of all.entries()) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    const kind = separatorKind(line, rules)
    if (kind === 'bad') return refusal({ line: index + 1 })
    // With nothing before it the separator is a part of its own chunk.
    if (kind === 'separator' && lines.length > 0) {
      finish()
      continue
    }
    if (lines.length === 0) first = index + 1
    lines.push(line)
  }
  finish()
  return success(chunks)
}

function separatorKind(line: string, rules: DeployRules): 'none' | 'separator' | 'bad' {
  if (!line.startsWith('---')) return 'none'
  const rest = line.slice('---'.length).trim()
  if (rest === '') return 'separator'
  if (!rules.strictSeparators) return 'none'
  return rest.startsWith('#') ? 'separator' : 'bad'
}

function isNothing(line: string): boolean {
  const text = line.trim()
  return text === '' || text === '---' || text.startsWith('#')
}
