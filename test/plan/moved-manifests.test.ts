import fc from 'fast-check'
import { expect, describe as group, test } from 'vitest'
import { fileId } from '../../src/domain/artefact.ts'
import type { Inventory } from '../../src/domain/inventory.ts'
import type { RemovalProgress } from '../../src/domain/manifest-removal.ts'
import { planNode } from '../../src/plan/plan-node.ts'
import { sha256Hex } from '../../src/text/digest.ts'
import { configMap } from '../conformance/conform.ts'
import { SimulatedServer } from '../conformance/simulated-server.ts'
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

const at = (name: string): string => `${manifests}/${name}`
const [a, b] = [configMap('a'), configMap('b')]
const both = `${a}---\n${b}`

interface Rename {
  /** On the disk, and ours. */
  readonly old: Readonly<Record<string, string>>
  readonly wanted: Readonly<Record<string, string>>
  /** On the disk, and nobody said that they are ours. */
  readonly foreign?: Readonly<Record<string, string>>
  readonly progress?: RemovalProgress | 'no API'
  readonly disabled?: readonly string[]
  readonly extra?: Parameters<typeof planInput>[0]
}

function planned({
  old,
  wanted,
  foreign = {},
  progress = 'waiting',
  disabled = [],
  extra = {},
}: Rename): readonly string[] {
  const files = Object.entries(wanted).map(([name, text]) => file(at(name), text))
  const packaged = { disabled, clusterDNS: ['10.43.0.10'], clusterDomain: 'cluster.local' }
  const there = Object.entries({ ...old, ...foreign }).map(([name, text]) => observed(at(name), text))
  const owned = Object.fromEntries(Object.entries(old).map(([name, text]) => [at(name), text]))
  const paths = [...Object.keys(owned), ...files.map(({ path }) => path)]
  const plan = planNode(
    planInput({
      engine: 'k3s',
      packaged: { kind: 'unknown' },
      program: program(files, { packaged }),
      observation: observation(...there),
      inventory: inventory(owned),
      removals: new Map(progress === 'no API' ? [] : paths.map((path) => [path, progress])),
      ...extra,
    }),
  )
  return plan.changes.map((change) => `${describe(change)}${change.kind === 'delete' ? ` ${change.moved}` : ''}`)
}

group('a manifest that was renamed', () => {
  const renames: readonly (readonly [string, Rename, readonly string[]])[] = [
    [
      'into a directory goes unemptied before the other comes: K3s takes both for one Addon',
      { old: { 'calico.yaml': a }, wanted: { 'network/calico.yaml': a } },
      ['delete calico.yaml Revision same-addon', 'create network/calico.yaml Revision'],
    ],
    [
      'to another extension and content keeps its Addon, whose objects K3s prunes itself',
      { old: { 'calico.yml': both }, wanted: { 'calico.yaml': a }, progress: 'no API' },
      ['delete calico.yml Revision same-addon', 'create calico.yaml Revision'],
    ],
    [
      'to another Addon is never emptied, wherever its name sorts',
      { old: { 'a.yaml': a }, wanted: { 'b.yaml': a } },
      ['delete a.yaml Revision other-addons', 'create b.yaml Revision'],
    ],
    [
      'and changed is known by the objects that it holds',
      { old: { 'z.yaml': a }, wanted: { 'y.yaml': configMap('a', '{k: "2"}') }, progress: 'no API' },
      ['delete z.yaml Revision other-addons', 'create y.yaml Revision'],
    ],
    [
      'is known by its bytes where only K3s can read it',
      { old: { 'a.yaml': '{{ x }}' }, wanted: { 'b.yaml': '{{ x }}' } },
      ['delete a.yaml Revision other-addons', 'create b.yaml Revision'],
    ],
    [
      'into a file that was there before goes as well',
      { old: { 'a.yaml': a, 'b.yaml': b }, wanted: { 'b.yaml': `${b}---\n${a}` } },
      ['delete a.yaml Revision other-addons', 'update b.yaml Revision'],
    ],
    [
      'by half leaves the rest to whoever asks the API',
      { old: { 'a.yaml': both }, wanted: { 'b.yaml': b } },
      ['delete a.yaml Revision other-addons', 'create b.yaml Revision'],
    ],
    [
      'and emptied by an earlier revision goes before K3s can take it for the newer content',
      { old: { 'a.yaml': '' }, wanted: { 'sub/a.yaml': a } },
      ['delete a.yaml Revision same-addon', 'create sub/a.yaml Revision'],
    ],
  ]
  test.each(renames)('%s', (_name, rename, changes) => {
    expect(planned(rename)).toEqual(changes)
  })

  test('to one that holds nothing of it is a removal like any other', () => {
    expect(planned({ old: { 'a.yaml': a }, wanted: { 'b.yaml': b } })).toEqual([
      'create b.yaml Revision',
      'empty a.yaml Revision',
    ])
  })
})

group('half of a manifest that moved, where no API is', () => {
  const rename: Rename = { old: { 'a.yaml': both }, wanted: { 'b.yaml': b }, progress: 'no API' }
  const inPlace = (modifiedAtMs: number, k3sUpForMs: number | undefined): Rename => ({
    ...rename,
    extra: {
      observation: observation(observed(at('a.yaml'), both), observed(at('b.yaml'), b, { modifiedAtMs })),
      inventory: inventory({ [at('a.yaml')]: both, [at('b.yaml')]: b }),
      k3sUpForMs,
    },
  })

  test('is emptied only after the other half had the time to be applied from its new place', () => {
    expect(planned(rename)).toEqual(['create b.yaml Revision'])
    expect(planned(inPlace(nowMs - 44_000, 600_000))).toEqual([])
    expect(planned(inPlace(nowMs - 45_000, 600_000))).toEqual(['empty a.yaml Revision'])
  })

  test('stays while K3s is down, or has just been started', () => {
    expect(planned(inPlace(nowMs - 600_000, undefined))).toEqual([])
    expect(planned(inPlace(nowMs - 600_000, 60_000))).toEqual([])
  })
})

group('a manifest that leaves beside a file of somebody else with its Addon', () => {
  const leaving: Rename = { old: { 'x.yaml': a }, wanted: {}, foreign: { 'x.local.yaml': b } }

  test('is not emptied, which would take their objects away', () => {
    expect(planned(leaving)).toEqual(['delete x.yaml Revision same-addon'])
    expect(planned({ ...leaving, old: { 'x.yaml': '' } })).toEqual(['delete x.yaml Revision same-addon'])
  })

  const harmless: readonly (readonly [string, Partial<Rename>])[] = [
    ['that is empty', { foreign: { 'x.local.yaml': '' } }],
    ['that K3s does not apply', { foreign: { 'x.local.txt': b } }],
    ['that a marker hides', { foreign: { 'x.local.yaml': b, 'sub/x.local.yaml.skip': '' } }],
    ['that is disabled', { disabled: ['x.local'] }],
  ]
  test.each(harmless)('is emptied beside one %s', (_name, extra) => {
    expect(planned({ ...leaving, ...extra })).toEqual(['empty x.yaml Revision'])
  })

  test('is emptied beside another one of ours that leaves too', () => {
    expect(planned({ old: { 'x.yaml': a, 'sub/x.yaml': b }, wanted: {} })).toEqual([
      'empty sub/x.yaml Revision',
      'empty x.yaml Revision',
    ])
  })
})

group('what is known of a manifest that moved', () => {
  const gone = at('gone.yaml')
  function known(progress: RemovalProgress | undefined, there: string | undefined): ReturnType<typeof planNode> {
    const id = fileId(gone)
    const entry = { id, digest: '', revision: 'main@sha1:0', class: 'program', moved: sha256Hex(a) } as const
    const entries: Inventory['entries'] = new Map([[id, entry]])
    return planNode(
      planInput({
        inventory: { entries },
        observation: observation(...(there === undefined ? [] : [observed(gone, there)])),
        removals: new Map(progress === undefined ? [] : [[gone, progress]]),
      }),
    )
  }

  test('is kept until nothing is left of it, and holds nothing up', () => {
    expect(known('waiting', undefined)).toMatchObject({ changes: [], forget: [] })
    expect(known('waiting', undefined).revisitAfterMs).toBeUndefined()
    expect(known(undefined, undefined).forget).toEqual([])
    expect(known('pruned', undefined).forget).toEqual([fileId(gone)])
  })

  test('says nothing of a file that somebody else puts there', () => {
    expect(known('waiting', a)).toMatchObject({ changes: [], forget: [fileId(gone)] })
  })
})

/** Each object in one file at most, and one file for each Addon, as lint wants it. */
const tree = fc
  .record({
    paths: fc.record({
      a: fc.constantFrom('a.yaml', 'a.yml', 'sub/a.yaml'),
      m: fc.constantFrom('m.yaml', 'b/m.yaml', 'z/m.yaml'),
      z: fc.constantFrom('z.yaml', 'z.v2.yaml', '1/z.yaml'),
    }),
    homes: fc.array(fc.constantFrom('a', 'm', 'z', undefined), { minLength: 4, maxLength: 4 }),
    data: fc.constantFrom('{k: "1"}', '{k: "2"}'),
  })
  .map(({ paths, homes, data }) => {
    const files: Record<string, string> = {}
    const homeOf = new Map<string, string>()
    for (const [index, home] of homes.entries()) {
      if (home === undefined) continue
      const [path, name] = [paths[home], `o${index}`]
      files[path] = `${files[path] ?? ''}---\n${configMap(name, data)}`
      homeOf.set(name, home)
    }
    return { files, homeOf }
  })

test('law: whenever K3s looks or starts in between, no object goes that both revisions want', () => {
  fc.assert(
    fc.property(tree, tree, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (before, after, starts) => {
      const server = new SimulatedServer()
      const disk = new Map(Object.entries(before.files))
      for (const [name, text] of disk) server.disk.write(name, text)
      server.pass()
      const staying = new Set([...before.homeOf.values()].filter((home) => [...after.homeOf.values()].includes(home)))
      // Between two Addons that both stay K3s moves an object by itself, and may delete it first.
      const kept = [...before.homeOf].flatMap(([name, home]) => {
        const next = after.homeOf.get(name)
        return next !== undefined && (next === home || !staying.has(home)) ? [`default/${name}`] : []
      })
      const owned: Record<string, string> = Object.fromEntries([...disk].map(([name, text]) => [at(name), text]))
      for (let pass = 0; pass < 4; pass += 1) {
        const plan = planNode(
          planInput({
            engine: 'k3s',
            packaged: { kind: 'unknown' },
            program: program(Object.entries(after.files).map(([name, text]) => file(at(name), text))),
            observation: observation(...[...disk].map(([name, text]) => observed(at(name), text))),
            inventory: inventory(owned),
            removals: new Map(Object.keys(owned).map((path) => [path, 'waiting'])),
          }),
        )
        for (const [index, change] of plan.changes.entries()) {
          const path = 'after' in change ? change.after.path : change.before.path
          const name = path.slice(manifests.length + 1)
          const text = 'after' in change ? change.after.text : ''
          if (change.kind === 'delete') {
            disk.delete(name)
            server.disk.remove(path)
            delete owned[path]
          } else {
            disk.set(name, text)
            server.disk.write(name, text)
            owned[path] = text
          }
          if (starts[index] === true) server.restart()
          server.pass()
          expect(server.api.names('ConfigMap')).toEqual(expect.arrayContaining(kept))
        }
      }
      const added = [...after.homeOf.keys()].filter((name) => !before.homeOf.has(name))
      const wanted = [...kept, ...added.map((name) => `default/${name}`)]
      expect(server.api.names('ConfigMap')).toEqual(expect.arrayContaining(wanted))
    }),
  )
})
