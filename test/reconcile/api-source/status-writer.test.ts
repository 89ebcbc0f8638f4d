import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { KubernetesObject } from '../../../src/domain/facts.ts'
import { Failure } from '../../../src/domain/failure.ts'
import type { NodeProgramStatus } from '../../../src/domain/published-program.ts'
import type { KubeObjectsPort, LiveObject } from '../../../src/ports/kube-objects-port.ts'
import { StatusWriter } from '../../../src/reconcile/api-source/status-writer.ts'
import { recordingLog } from '../../lab/recording-log.ts'

/** A server that keeps one object; sleeping takes no time, and is counted. */
function desk(options: { readonly failures?: readonly string[] } = {}) {
  const failures = [...(options.failures ?? [])]
  const written: unknown[] = []
  const slept: number[] = []
  let live = { metadata: { name: 'n1', uid: 'u', resourceVersion: '1' }, spec: { keep: true } } as unknown as LiveObject
  let status: Partial<NodeProgramStatus> | undefined = { reason: 'First' }
  let isThere = true
  const objects = {
    replace: async (object: KubernetesObject) => {
      const code = failures.shift()
      if (code !== undefined) throw new Failure('no', { code, where: 'x', fix: 'y', retry: 'soon' })
      written.push(object['status'])
      live = { ...live, status: object['status'] }
      return live
    },
  } as unknown as KubeObjectsPort
  const log = recordingLog()
  const writer = new StatusWriter('n1', {
    clock: {
      nowMs: () => 0,
      monotonicMs: () => 0,
      sleep: async (ms) => {
        slept.push(ms)
        await wait(1)
      },
      schedule: () => () => undefined,
    },
    log,
    current: () => (isThere ? { object: live, objects } : undefined),
    compose: async () => status as NodeProgramStatus | undefined,
  })
  onTestFinished(() => writer.close())
  return {
    writer,
    written,
    slept,
    log,
    say: (next: Partial<NodeProgramStatus> | undefined) => {
      status = next
      writer.changed()
    },
    appear: (next: boolean) => {
      isThere = next
    },
  }
}

const soon = (): Promise<void> => wait(30)

describe('the status of a node', () => {
  test('is written once, however often it is said, and not oftener than once a second', async () => {
    const { say, written, slept } = desk()
    for (let time = 0; time < 5; time++) say({ reason: 'First' })
    await soon()
    expect(written).toEqual([{ reason: 'First' }])
    expect(new Set(slept)).toEqual(new Set([1_000]))
    say({ reason: 'Second' })
    await soon()
    expect(written).toEqual([{ reason: 'First' }, { reason: 'Second' }])
  })

  test('has no empty texts, and loses what is not said any more', async () => {
    const { say, written } = desk()
    say({ reason: 'A', appliedProgram: '', awaitingPermit: { program: 'd', changes: [] } })
    await soon()
    say({ reason: 'A', appliedProgram: '' })
    await soon()
    expect(written).toEqual([{ reason: 'A', awaitingPermit: { program: 'd', changes: [] } }, { reason: 'A' }])
  })

  test('is tried again, later each time, and complained about once', async () => {
    const { say, written, slept, log } = desk({ failures: ['KUBE_UNREACHABLE', 'KUBE_UNREACHABLE', 'KUBE_STALE'] })
    say({ reason: 'A' })
    await soon()
    expect(written).toEqual([{ reason: 'A' }])
    expect(slept).toEqual([2_000, 4_000, 8_000, 1_000])
    expect(log.lines.map(({ level, fields }) => [level, fields['code']])).toEqual([['warn', 'KUBE_UNREACHABLE']])
  })

  test('waits for its object, and for something to say', async () => {
    const { say, appear, written, writer } = desk()
    appear(false)
    say({ reason: 'A' })
    await soon()
    expect(written).toEqual([])
    appear(true)
    say(undefined)
    await soon()
    expect(written).toEqual([])
    say({ reason: 'A' })
    writer.changed()
    await soon()
    expect(written).toEqual([{ reason: 'A' }])
  })
})
