import { expect, describe as group, test } from 'vitest'
import { fileId } from '../../src/domain/artefact.ts'
import { Failure } from '../../src/domain/failure.ts'
import type { Inventory } from '../../src/domain/inventory.ts'
import { planNode } from '../../src/plan/plan-node.ts'
import { sha256Hex } from '../../src/text/digest.ts'
import {
  describe,
  file,
  inventory,
  manifests,
  nowMs,
  observation,
  observed,
  planInput,
  program,
} from '../lab/planning.ts'

const lan = `${manifests}/lan.yaml`
const dropIn = '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml'
const flannelConf = '/etc/rancher/k3s/fairlead/flannel.json'
const k3s = { engine: 'k3s', packaged: { kind: 'unknown' } } as const

function changes(extra: Parameters<typeof planInput>[0]): string[] {
  return planNode(planInput(extra)).changes.map(describe)
}

/** Written down as about to be written, and never seen written. */
function intended(path: string, text: string): Inventory {
  const id = fileId(path)
  return {
    entries: new Map([[id, { id, digest: '', intended: sha256Hex(text), revision: 'main@sha1:0', class: 'program' }]]),
  }
}

group('what we only meant to write', () => {
  test('is ours with that very content, after a kill between the two', () => {
    const there = { observation: observation(observed(lan, 'a')), inventory: intended(lan, 'a') }
    expect(changes(there)).toEqual(['empty lan.yaml Revision'])
    const plan = planNode(planInput({ ...there, program: program([file(lan, 'a')]) }))
    expect(plan.claims.map((claim) => claim.path)).toEqual([lan])
  })

  test('is somebody else’s with any other', () => {
    const theirs = { observation: observation(observed(lan, 'theirs')), inventory: intended(lan, 'a') }
    const plan = planNode(planInput(theirs))
    expect(plan.changes).toEqual([])
    expect(plan.forget).toEqual([fileId(lan)])
    expect(changes({ ...theirs, program: program([file(lan, 'a')]) })).toEqual(['takeover lan.yaml Foreign'])
  })
})

group('a place that could not be read', () => {
  const failure = new Failure('a link', { code: 'SYMLINK_ON_PATH', where: manifests, fix: 'replace it', retry: 'soon' })
  const blind = { ...observation(), refusals: [{ directory: manifests, failure }] }

  test('plans nothing there and forgets nothing, and the rest goes on', () => {
    const plan = planNode(
      planInput({
        program: program([file(lan, 'a'), file(dropIn, 'disable: []\n', 'k3s-config')]),
        packaged: { kind: 'bundle', files: new Map([[`${manifests}/coredns.yaml`, 'stock']]) },
        observation: blind,
        inventory: inventory({ [lan]: 'a', [`${manifests}/old.yaml`]: 'b' }),
      }),
    )
    expect(plan.changes.map(describe)).toEqual([`create ${dropIn} Revision`])
    expect(plan.forget).toEqual([])
  })
})

group('an emptied manifest beside a K3s', () => {
  const emptied = {
    ...k3s,
    observation: observation(observed(lan, '', { modifiedAtMs: nowMs - 600_000 })),
    inventory: inventory({ [lan]: '' }),
  }
  test('stays while K3s is down: nobody has pruned its objects', () => {
    expect(changes({ ...emptied, k3sUpForMs: undefined })).toEqual([])
  })
  test('stays until a K3s that just started had time to read it', () => {
    expect(planNode(planInput({ ...emptied, k3sUpForMs: 100_000 })).revisitAfterMs).toBe(20_000)
    expect(changes({ ...emptied, k3sUpForMs: 120_000 })).toEqual(['delete lan.yaml Revision'])
  })
})

test('a directory in place of a file of ours is forgotten, not fought', () => {
  const plan = planNode(
    planInput({
      inventory: inventory({ [lan]: 'a' }),
      observation: observation(observed(lan, '', { type: 'directory' })),
    }),
  )
  expect(plan).toMatchObject({ changes: [], forget: [fileId(lan)] })
})

group('flags', () => {
  const old = 'cluster-cidr:\n  - "10.42.0.0/16"\n'
  const moved = program([file(dropIn, old.replace('42', '52'), 'k3s-config')])
  const before = program([file(dropIn, old, 'k3s-config')])

  test('deleting the drop-in does not make another address range harmless', () => {
    const input = { program: moved, previous: before, inventory: inventory({ [dropIn]: old }) }
    expect(planNode(planInput(input)).changes.map((change) => change.impact.kind)).toEqual(['Rebuild'])
  })

  test('go into place after the file that they name', () => {
    const both = program([file(dropIn, 'flannel-conf: x\n', 'k3s-config'), file(flannelConf, '{}', 'flannel-conf')])
    expect(changes({ program: both })).toEqual([`create ${flannelConf} Revision`, `create ${dropIn} Revision`])
  })

  test('stay out while the file that they name is somebody else’s', () => {
    const both = program([file(dropIn, 'flannel-conf: x\n', 'k3s-config'), file(flannelConf, '{}', 'flannel-conf')])
    const theirs = { program: both, observation: observation(observed(flannelConf, 'theirs')) }
    expect(changes(theirs)).toEqual([`takeover ${flannelConf} Foreign`])
  })

  test('edited in place while new ones wait are reported: K3s would start with the edit', () => {
    const plan = planNode(
      planInput({
        ...k3s,
        program: program([file(dropIn, 'new: true\n', 'k3s-config')]),
        observation: observation(observed(dropIn, 'edited: true\n')),
        inventory: inventory({ [dropIn]: 'old: true\n' }),
      }),
    )
    expect(plan.reported.map((drift) => [drift.path, drift.reason])).toEqual([[dropIn, 'FlagsEdited']])
  })
})
