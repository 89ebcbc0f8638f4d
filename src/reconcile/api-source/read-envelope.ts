import { asRecord, numberIn, textIn } from '../../domain/plain-json.ts'
import { type PublishedProgram, programFormat } from '../../domain/published-program.ts'
import type { LiveObject } from '../../ports/kube-objects-port.ts'
import { parsePublishedProgram } from '../../schema/program/published-program.ts'
import type { SourceState } from '../source-state.ts'
import { programProblem } from './program-problems.ts'

export type ReadEnvelope =
  | { readonly kind: 'read'; readonly published: PublishedProgram }
  | {
      readonly kind: 'refused'
      readonly state: Extract<SourceState, { kind: 'refused' }>
      /** As far as it can be told; 0 otherwise. */
      readonly sequence: number
    }

/** The envelope in a NodeProgram object, or why it is none that can be read here. */
export function readEnvelope(object: LiveObject, description: string): ReadEnvelope {
  const spec = asRecord(object['spec'])
  const parsed = parsePublishedProgram(spec)
  if (parsed.ok) return { kind: 'read', published: parsed.value }
  const format = numberIn(spec['format'])
  const code = format === undefined || format === programFormat ? 'PROGRAM_INVALID' : 'PROGRAM_FORMAT_UNKNOWN'
  const sequence = numberIn(spec['sequence']) ?? 0
  const revision = asRecord(spec['revision'])
  const part = (field: string): string => textIn(revision[field])?.slice(0, 256) ?? ''
  return {
    kind: 'refused',
    sequence: Number.isSafeInteger(sequence) && sequence > 0 ? sequence : 0,
    state: {
      kind: 'refused',
      revision: {
        name: part('name') || `sequence ${sequence}`,
        commit: part('commit'),
        author: part('author'),
        subject: part('subject'),
        committedAt: '',
      },
      problems: parsed.error.map((what) => programProblem(code, what, description)),
    },
  }
}
