import { asList, asRecord, numberIn, textIn } from '../../domain/plain-json.ts'
import type { NodeProgramStatus, TimedCondition } from '../../domain/published-program.ts'
import { longestWord, mostConditions, mostListed } from '../../schema/api/status-limits.ts'
import { shortenedText } from './shortened-text.ts'

/**
 * What an agent says, as far as it has the form of a status; undefined where it has none. Whoever has the credential of a node
 * may write there what it likes, and all of it is kept in memory and some of it told on: texts and lists are cut.
 */
export function pickedStatus(value: unknown): NodeProgramStatus | undefined {
  const status = asRecord(value)
  const { observedSequence, appliedProgram = '', verdict } = status
  if (typeof observedSequence !== 'number' || typeof appliedProgram !== 'string' || typeof verdict !== 'string') {
    return undefined
  }
  const awaiting = asRecord(status['awaitingPermit'])
  const program = textIn(awaiting['program'])
  const k3sVersion = textIn(status['k3sVersion'])
  return {
    observedSequence: Number.isSafeInteger(observedSequence) ? Math.max(0, observedSequence) : 0,
    appliedProgram: word(appliedProgram),
    appliedRevision: text(status['appliedRevision']),
    verdict: verdicts.find((one) => one === verdict) ?? 'unknown',
    reason: word(status['reason']),
    message: text(status['message']),
    ...(program === undefined
      ? {}
      : { awaitingPermit: { program: word(program), changes: lines(awaiting['changes']) } }),
    conditions: asList(status['conditions']).slice(0, mostConditions).map(condition),
    agentVersion: word(status['agentVersion']),
    formats: asList(status['formats'])
      .slice(0, mostListed)
      .flatMap((one) => numberIn(one) ?? []),
    ...(k3sVersion === undefined ? {} : { k3sVersion: word(k3sVersion) }),
  }
}

const verdicts: readonly NodeProgramStatus['verdict'][] = ['settled', 'pending', 'blocked', 'failed', 'unknown']

function condition(value: unknown): TimedCondition {
  const { type, status, reason, message, lastTransitionTime } = asRecord(value)
  return {
    type: word(type),
    status: status === 'True' || status === 'False' ? status : 'Unknown',
    reason: word(reason),
    message: text(message),
    lastTransitionTime: word(lastTransitionTime),
  }
}

function lines(value: unknown): readonly string[] {
  return asList(value)
    .slice(0, mostListed)
    .flatMap((line) => (typeof line === 'string' ? [shortenedText(line)] : []))
}

/** Empty texts are left out on the wire. */
function text(value: unknown): string {
  return shortenedText(textIn(value) ?? '')
}

function word(value: unknown): string {
  return shortenedText(textIn(value) ?? '', longestWord)
}
