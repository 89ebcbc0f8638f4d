import { unreachable } from '../../domain/unreachable.ts'
import type { Effect } from './compiled-rule.ts'

/** What a rule does, after "may" as well. */
export function effectText(effect: Effect): string {
  switch (effect.kind) {
    case 'jump':
    case 'goto':
      return `go to ${effect.chain}`
    case 'continue':
      return `pass on (${effect.what})`
    case 'mark':
      return `mark ${hex(effect.value)}/${hex(effect.mask)}`
    case 'connectionMark':
      return 'mark the connection'
    case 'saveMark':
      return 'save the mark'
    case 'restoreMark':
      return 'restore the mark'
    case 'translateDestination':
    case 'redirect':
      return 'change the destination'
    case 'translateSource':
      return 'change the source'
    case 'keepSource':
      return 'keep the source'
    case 'notrack':
      return 'not track'
    case 'unknown':
      return `do what nobody here knows (${effect.what})`
    case 'accept':
    case 'drop':
    case 'reject':
    case 'return':
      return effect.kind
    default:
      return unreachable(effect)
  }
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`
}
