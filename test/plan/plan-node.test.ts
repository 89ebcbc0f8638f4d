import fc from 'fast-check'
import { expect, describe as group, test } from 'vitest'
import { planNode } from '../../src/plan/plan-node.ts'
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
const staged = (path: string): string => `/var/lib/fairlead/staged${path}`

function changes(extra: Parameters<typeof planInput>[0]): string[] {
  return planNode(planInput(extra)).changes.map(describe)
}

group('files of the program', () => {
  test('a missing one is created', () => {
    expect(changes({ program: program([file(lan, 'a')]) })).toEqual(['create lan.yaml Revision'])
  })

  test('one that is as it should be is left alone', () => {
    const plan = planNode(
      planInput({
        program: program([file(lan, 'a')]),
        observation: observation(observed(lan, 'a')),
        inventory: inventory({ [lan]: 'a' }),
      }),
    )
    expect(plan).toMatchObject({ changes: [], claims: [], reported: [], forget: [] })
  })

  test('new content is a change of the revision, foreign content is drift', () => {
    const wanted = program([file(lan, 'b')])
    expect(
      changes({ program: wanted, observation: observation(observed(lan, 'a')), inventory: inventory({ [lan]: 'a' }) }),
    ).toEqual(['update lan.yaml Revision'])
    expect(
      changes({ program: wanted, observation: observation(observed(lan, 'x')), inventory: inventory({ [lan]: 'b' }) }),
    ).toEqual(['update lan.yaml Drift'])
    expect(changes({ program: wanted, inventory: inventory({ [lan]: 'b' }) })).toEqual(['create lan.yaml Drift'])
  })

  test('a widened mode and a symbolic link are drift although the text is right', () => {
    const input = { program: program([file(lan, 'a')]), inventory: inventory({ [lan]: 'a' }) }
    expect(changes({ ...input, observation: observation(observed(lan, 'a', { mode: 0o644 })) })).toEqual([
      'update lan.yaml Drift',
    ])
    expect(changes({ ...input, observation: observation(observed(lan, 'a', { type: 'symlink' })) })).toEqual([
      'update lan.yaml Drift',
    ])
  })

  test('a foreign file in the way is never overwritten before it was agreed to', () => {
    const input = { program: program([file(lan, 'a')]), observation: observation(observed(lan, 'x')) }
    expect(changes(input)).toEqual(['takeover lan.yaml Foreign'])
    expect(changes({ ...input, takenOver: { [lan]: observed(lan, 'x').digest ?? '' } })).toEqual([
      'update lan.yaml Revision',
    ])
    const editedSince = { [lan]: observed(lan, 'older').digest ?? '' }
    expect(changes({ ...input, takenOver: editedSince })).toEqual(['takeover lan.yaml Foreign'])
  })

  test('a foreign file with the very content is claimed, not written', () => {
    const plan = planNode(
      planInput({ program: program([file(lan, 'a')]), observation: observation(observed(lan, 'a')) }),
    )
    expect(plan.changes).toEqual([])
    expect(plan.claims.map((claim) => claim.path)).toEqual([lan])
  })
})

group('removal', () => {
  const gone = { inventory: inventory({ [lan]: 'a' }) }

  test('a manifest is emptied first: K3s prunes nothing for a missing file', () => {
    expect(changes({ ...gone, observation: observation(observed(lan, 'a')) })).toEqual(['empty lan.yaml Revision'])
  })

  test('an emptied one goes once K3s has had three of its passes', () => {
    const emptied = (ageMs: number) => ({
      ...gone,
      engine: 'k3s' as const,
      packaged: { kind: 'unknown' as const },
      observation: observation(observed(lan, '', { modifiedAtMs: nowMs - ageMs })),
    })
    expect(planNode(planInput(emptied(44_000)))).toMatchObject({ changes: [], revisitAfterMs: 1_000 })
    expect(changes(emptied(45_000))).toEqual(['delete lan.yaml Revision'])
  })

  test('only what the inventory proves ours is removed', () => {
    const others = observation(observed(lan, 'a'), observed(`${manifests}/drop.yaml`, 'b'))
    expect(changes({ ...gone, observation: others })).toEqual(['empty lan.yaml Revision'])
  })

  test('what was seen gone is forgotten', () => {
    expect(planNode(planInput(gone)).forget).toEqual([`file:${lan}`])
  })

  test('a flag file goes at once: nothing is pruned for it', () => {
    expect(
      changes({ inventory: inventory({ [flannelConf]: '{}' }), observation: observation(observed(flannelConf, '{}')) }),
    ).toEqual([`delete ${flannelConf} Revision`])
  })

  test('an inventory that names a path outside the allow-list deletes nothing', () => {
    const path = '/etc/passwd'
    const plan = planNode(
      planInput({ inventory: inventory({ [path]: 'root' }), observation: observation(observed(path, 'root')) }),
    )
    expect(plan).toMatchObject({ changes: [], forget: [`file:${path}`] })
  })
})

group('flags where a K3s is installed', () => {
  const k3s = { engine: 'k3s', packaged: { kind: 'unknown' } } as const
  const wanted = program([file(dropIn, 'disable: []\n', 'k3s-config')])

  test('new ones are staged beside their place', () => {
    const plan = planNode(planInput({ ...k3s, program: wanted }))
    expect(plan.changes.map(describe)).toEqual([`create ${staged(dropIn)} Revision`])
    expect(plan.waitingFlags.map((one) => one.path)).toEqual([staged(dropIn)])
  })

  test('placing them writes the place and clears the stage', () => {
    const input = {
      ...k3s,
      program: wanted,
      placeFlags: true,
      observation: observation(observed(staged(dropIn), 'disable: []\n')),
      inventory: inventory({ [staged(dropIn)]: 'disable: []\n' }),
    }
    expect(changes(input)).toEqual([`create ${dropIn} Revision`, `delete ${staged(dropIn)} Revision`])
    const old = 'cluster-cidr:\n  - "10.42.0.0/16"\n'
    const withdrawn = {
      ...input,
      observation: observation(observed(staged(dropIn), old)),
      inventory: inventory({ [staged(dropIn)]: old }),
    }
    expect(planNode(planInput(withdrawn)).changes.map((change) => change.impact.kind)).toEqual(['K3sRestart', 'None'])
  })

  test('flags in place are repaired in place when somebody edits them', () => {
    const input = {
      ...k3s,
      program: wanted,
      observation: observation(observed(dropIn, 'edited: true\n')),
      inventory: inventory({ [dropIn]: 'disable: []\n' }),
    }
    const [change] = planNode(planInput(input)).changes
    expect(change && describe(change)).toBe(`update ${dropIn} Drift`)
    expect(change?.impact.kind).toBe('None')
  })

  test('a file that the running flags name stays until the new ones are in place', () => {
    const old = 'flannel-conf: "/etc/rancher/k3s/fairlead/flannel.json"\n'
    const input = {
      ...k3s,
      program: wanted,
      observation: observation(observed(dropIn, old), observed(flannelConf, '{}')),
      inventory: inventory({ [dropIn]: old, [flannelConf]: '{}' }),
    }
    expect(changes(input)).toEqual([`create ${staged(dropIn)} Revision`])
    expect(changes({ ...input, placeFlags: true })).toEqual([
      `update ${dropIn} Revision`,
      `delete ${flannelConf} Revision`,
    ])
  })
})

group('impact', () => {
  const before = 'cluster-cidr:\n  - "10.42.0.0/16"\nflannel-backend: "vxlan"\n'
  const cases: readonly { name: string; after: string; kind: string }[] = [
    { name: 'addresses are for life', after: before.replace('10.42', '10.50'), kind: 'Rebuild' },
    {
      name: 'a backend change cuts the pod network',
      after: before.replace('vxlan', 'host-gw'),
      kind: 'DataPlaneOutage',
    },
    { name: 'any other flag is a restart', after: `${before}disable-network-policy: true\n`, kind: 'K3sRestart' },
  ]
  for (const { name, after, kind } of cases) {
    test(name, () => {
      const plan = planNode(
        planInput({
          program: program([file(dropIn, after, 'k3s-config')]),
          observation: observation(observed(dropIn, before)),
          inventory: inventory({ [dropIn]: before }),
        }),
      )
      expect(plan.changes.map((change) => change.impact.kind)).toEqual([kind])
    })
  }
})

test('additions come before changes, and changes before removals', () => {
  const path = (name: string): string => `${manifests}/${name}.yaml`
  const input = {
    program: program([file(path('b'), '2'), file(path('z'), 'new')]),
    observation: observation(observed(path('a'), '1'), observed(path('b'), '1')),
    inventory: inventory({ [path('a')]: '1', [path('b')]: '1' }),
  }
  expect(changes(input)).toEqual(['create z.yaml Revision', 'update b.yaml Revision', 'empty a.yaml Revision'])
})

test('law: planning what was planned and done is empty', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd').map((stem) => `${manifests}/${stem}.yaml`)
  const content = fc.constantFrom('one', 'two', 'three')
  const tree = fc.dictionary(name, content)
  fc.assert(
    fc.property(tree, tree, tree, (wanted, onDisk, owned) => {
      const input = planInput({
        program: program(Object.entries(wanted).map(([path, text]) => file(path, text))),
        observation: observation(...Object.entries(onDisk).map(([path, text]) => observed(path, text))),
        inventory: inventory(owned),
      })
      const after: Record<string, string> = { ...onDisk }
      const entries: Record<string, string> = { ...owned }
      for (const change of planNode(input).changes) {
        if (change.kind === 'create' || change.kind === 'update') {
          after[change.after.path] = change.after.text
          entries[change.after.path] = change.after.text
        } else if (change.kind === 'empty') after[change.before.path] = ''
        else if (change.kind === 'delete') {
          delete after[change.before.path]
          delete entries[change.before.path]
        }
      }
      const again = planNode({
        ...input,
        observation: observation(...Object.entries(after).map(([path, text]) => observed(path, text))),
        inventory: inventory(entries),
      })
      expect(again.changes.filter((change) => change.kind !== 'takeover')).toEqual([])
      for (const [path, text] of Object.entries(onDisk)) {
        if (!(path in owned)) expect(after[path]).toBe(text)
      }
    }),
  )
})
