import { describe, expect, test } from 'vitest'
import type { StatusSnapshot } from '../../../src/domain/status.ts'
import type { LastGood } from '../../../src/ports/node-state-port.ts'
import { programStatus, type Standing } from '../../../src/reconcile/api-source/program-status.ts'

const snapshot: StatusSnapshot = {
  apiVersion: 'fairlead.dev/v1alpha1',
  kind: 'Status',
  cluster: 'home',
  node: 'pi-1',
  engine: 'k3s',
  source: 'the API',
  revision: 'main@1',
  attemptedRevision: 'main@1',
  verdict: 'settled',
  suspended: false,
  conditions: [
    { type: 'Ready', status: 'True', reason: 'Applied', message: 'The node is as the revision says' },
    { type: 'Stalled', status: 'False', reason: 'NotStalled', message: 'Nobody has to step in' },
  ],
  components: [],
  files: [],
  drops: [],
  problems: [],
  lastHandledReconcileAt: '',
}
const applied = {
  program: { digest: 'd1' },
  revision: { name: 'main@1', commit: 'c', author: '', subject: '' },
} as LastGood
const standing: Standing = {
  snapshot,
  applied,
  observedSequence: 7,
  refusal: undefined,
  awaiting: undefined,
  agentVersion: '0.1.0',
  k3sVersion: undefined,
}
const noon = Date.parse('2026-03-01T12:00:00.987Z')

describe('what an agent says of its node', () => {
  test('is whose files are in place, how it stands, and what it understands', () => {
    expect(programStatus(standing, [], noon)).toEqual({
      observedSequence: 7,
      appliedProgram: 'd1',
      appliedRevision: 'main@1',
      verdict: 'settled',
      reason: 'Applied',
      message: 'The node is as the revision says',
      conditions: [
        { ...snapshot.conditions[0], lastTransitionTime: '2026-03-01T12:00:00Z' },
        { ...snapshot.conditions[1], lastTransitionTime: '2026-03-01T12:00:00Z' },
      ],
      agentVersion: '0.1.0',
      formats: [1],
    })
  })

  test('keeps the time of a condition until its status moves, whatever else does', () => {
    const [first] = programStatus(standing, [], noon).conditions
    const known = first === undefined ? [] : [first]
    const reworded = {
      ...snapshot,
      conditions: [{ type: 'Ready', status: 'True' as const, reason: 'B', message: 'b' }],
    }
    expect(programStatus({ ...standing, snapshot: reworded }, known, noon + 60_000).conditions).toEqual([
      { type: 'Ready', status: 'True', reason: 'B', message: 'b', lastTransitionTime: '2026-03-01T12:00:00Z' },
    ])
    const broken = { ...snapshot, conditions: [{ type: 'Ready', status: 'False' as const, reason: 'B', message: 'b' }] }
    expect(
      programStatus({ ...standing, snapshot: broken }, known, noon + 60_000).conditions[0]?.lastTransitionTime,
    ).toBe('2026-03-01T12:01:00Z')
  })

  test('says that the program was refused although the node is as it was before', () => {
    const refusal = { reason: 'ProgramFormatUnknown', message: 'format: 2 is not known here' }
    expect(programStatus({ ...standing, refusal }, [], noon)).toMatchObject({ verdict: 'blocked', ...refusal })
    const failed = { ...snapshot, verdict: 'failed' as const }
    expect(programStatus({ ...standing, snapshot: failed, refusal }, [], noon).verdict).toBe('failed')
  })

  test('names no program where none is in force, and the request where one waits', () => {
    const awaiting = { program: 'd2', changes: Array.from({ length: 30 }, (_, index) => `change ${index}`) }
    const status = programStatus({ ...standing, applied: undefined, awaiting }, [], noon)
    expect(status).toMatchObject({ appliedProgram: '', appliedRevision: '', awaitingPermit: { program: 'd2' } })
    expect(status.awaitingPermit?.changes).toHaveLength(20)
  })

  test('stays short, whatever happened', () => {
    const long = {
      ...snapshot,
      conditions: [{ type: 'Ready', status: 'False' as const, reason: 'R', message: 'x'.repeat(9_999) }],
    }
    const status = programStatus({ ...standing, snapshot: long }, [], noon)
    expect(status.message).toHaveLength(1_024)
    expect(status.conditions[0]?.message).toHaveLength(1_024)
  })
})
