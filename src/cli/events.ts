import { openMachine } from '../agent/this-machine.ts'
import { exitCode } from '../domain/exit-code.ts'
import type { PassRecord, RecordedChange } from '../domain/history.ts'
import { ageOf } from './age.ts'
import type { Command } from './command.ts'
import { shortRevision } from './history.ts'
import { formatStructured, isStructured } from './structured-output.ts'
import { formatTable } from './table.ts'
import { terminalLog } from './terminal-log.ts'

interface NodeEvent {
  /** ISO 8601. */
  readonly time: string
  readonly type: 'Normal' | 'Warning'
  /** CamelCase. */
  readonly reason: string
  /** An artefact's id, or `pass`. */
  readonly object: string
  readonly message: string
  readonly revision: string
}

/** What the last passes did, one line each, newest last, like `kubectl get events`. */
export const eventsCommand: Command = async ({ settings, options, terminal }) => {
  const { state, clock } = openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
  const events = eventsOf(await state.readHistory())
  const format = options['output']
  if (isStructured(format)) {
    const list = { apiVersion: 'fairlead.dev/v1alpha1', kind: 'EventList', items: events }
    terminal.out.write(formatStructured(list, format))
    return exitCode.done
  }
  if (events.length === 0) {
    terminal.err.write('nothing has happened yet\n')
    return exitCode.done
  }
  const isWide = format === 'wide'
  const rows = events.map((event) => [
    ageOf(event.time, clock.nowMs()),
    event.type,
    event.reason,
    event.object,
    ...(isWide ? [event.revision] : []),
    event.message,
  ])
  const header = ['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', ...(isWide ? ['REVISION'] : []), 'MESSAGE']
  const columns = terminal.isTerminal && !isWide ? terminal.columns : undefined
  terminal.out.write(formatTable([header, ...rows], { columns }))
  return exitCode.done
}

/** One event for every change, and one for how the pass ended. */
export function eventsOf(passes: readonly PassRecord[]): NodeEvent[] {
  return passes.flatMap((pass) => [
    ...pass.changes.map((change) => changeEvent(pass, change)),
    {
      time: pass.startedAt,
      type: ['failed', 'blocked'].includes(pass.verdict) ? 'Warning' : 'Normal',
      reason: pass.reason,
      object: 'pass',
      message: shortRevision(pass.message),
      revision: pass.revision,
    },
  ])
}

const reasons: Readonly<Record<string, string>> = {
  create: 'Created',
  update: 'Updated',
  restore: 'Restored',
  empty: 'Emptied',
  delete: 'Removed',
}

function changeEvent(pass: PassRecord, change: RecordedChange): NodeEvent {
  const isDrift = change.cause === 'Drift'
  const cause = isDrift ? 'drift repaired' : `for ${shortRevision(pass.revision)}`
  return {
    time: pass.startedAt,
    type: isDrift ? 'Warning' : 'Normal',
    reason: change.kind === 'restore' && !isDrift ? 'Staged' : (reasons[change.kind] ?? change.kind),
    object: change.id,
    message: `${cause}, impact ${change.impact}`,
    revision: pass.revision,
  }
}
