import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { layerDocuments, mergeValues } from '../../src/schema/layered-document.ts'
import { toYaml } from '../../src/text/yaml-print.ts'
import { documentOptions, readYaml } from '../../src/text/yaml-source.ts'
import { directory, found, header, load, network } from './repository-builder.ts'

const file = `${directory}/network.yaml`
const extending = (target: string, rest = ''): string =>
  `${header}extends: ${target}\nmetadata: { name: home }\n${rest}`
const base = `${header}spec:\n  k3sVersion: v1.33.4+k3s1\n`

function loaded(repository: Record<string, string>) {
  const outcome = load(repository)
  if (outcome.kind !== 'loaded') throw new Error(JSON.stringify(outcome.problems))
  return outcome
}

describe('a base', () => {
  test('is merged object by object; lists and values are replaced', () => {
    const { desired, asked } = loaded({
      [file]: extending(
        '../../base',
        'spec:\n  cni: { flannel: { interface: eth1 } }\n  addressing: { clusterCIDR: [10.1.0.0/16] }\n',
      ),
      'base/network.yaml': `${base}  cni: { flannel: { backend: host-gw, interface: eth0 } }\n  addressing: { clusterCIDR: [10.2.0.0/16, fd00:42::/56], clusterDomain: lan }\n`,
    })
    expect(asked).toEqual([directory, 'base'])
    expect(desired.cluster.spec.cni.flannel).toMatchObject({ backend: 'host-gw', interface: 'eth1' })
    expect(desired.cluster.spec.addressing).toEqual({ clusterCIDR: ['10.1.0.0/16'], clusterDomain: 'lan' })
  })

  test('can be a file, and can have a base itself', () => {
    const { desired, asked } = loaded({
      [file]: extending('../../base/small.yaml'),
      'base/small.yaml': `${header}extends: ./../all\nspec: { drift: { drops: Report } }\n`,
      'all/network.yml': `${base}  drift: { drops: Adopt, packagedFiles: Report }\n`,
    })
    expect(asked).toEqual([directory, 'base', 'all'])
    expect(desired.cluster.spec.drift).toEqual({ drops: 'Report', packagedFiles: 'Report' })
  })

  test('that lies in a directory which was read already is not asked for again', () => {
    const { asked } = loaded({ [file]: extending('./common'), [`${directory}/common/network.yaml`]: base })
    expect(asked).toEqual([directory])
  })
})

describe('a problem points at the file that wrote the value', () => {
  test('for wrong values, unknown fields and missing ones', () => {
    expect(
      found({
        [file]: extending(
          '../../base',
          'spec:\n  loadBalancer:\n    pools:\n      - nodes: { names: [a] }\n  drift: { drops: Alow }\n',
        ),
        'base/network.yaml': `${base}  foo: 1\n  rollout: { maxUnavailable: 0 }\n  loadBalancer: { pools: [{ name: x, nodes: {} }] }\n`,
      }),
    ).toEqual([
      'base/network.yaml:5:3 UNKNOWN_FIELD',
      'base/network.yaml:6:30 OUT_OF_RANGE',
      `${file}:8:9 REQUIRED_FIELD`,
      `${file}:9:19 UNKNOWN_VALUE`,
    ])
  })

  test('a null does not delete what the base says', () => {
    expect(found({ [file]: extending('../../base', 'spec: { drift: }\n'), 'base/network.yaml': base })).toEqual([
      `${file}:5:9 NULL_VALUE`,
    ])
  })

  test('places of the loaded network do the same', () => {
    const { desired } = loaded({
      [file]: extending('../../base', 'spec: { drift: { drops: Report } }\n'),
      'base/network.yaml': `${base}  drift: { packagedFiles: Report, drops: Allow }\n`,
    })
    expect(desired.places.clusterPlace(['spec', 'drift', 'drops']).place.file).toBe(file)
    expect(desired.places.clusterPlace(['spec', 'drift', 'packagedFiles']).place).toMatchObject({
      file: 'base/network.yaml',
      line: 5,
    })
  })
})

describe('a chain that cannot be followed', () => {
  const cases: { name: string; repository: Record<string, string>; expected: string[] }[] = [
    {
      name: 'leaves the repository',
      repository: { [file]: extending('../../../x') },
      expected: [`${file}:3:10 EXTENDS_OUTSIDE`],
    },
    { name: 'is absolute', repository: { [file]: extending('/etc') }, expected: [`${file}:3:10 EXTENDS_OUTSIDE`] },
    {
      name: 'has backslashes',
      repository: { [file]: extending('..\\..\\base') },
      expected: [`${file}:3:10 EXTENDS_OUTSIDE`],
    },
    { name: 'is no text', repository: { [file]: extending('[a]') }, expected: [`${file}:3:10 EXTENDS_INVALID`] },
    {
      name: 'leads to nothing',
      repository: { [file]: extending('../../base') },
      expected: [`${file}:3:10 EXTENDS_MISSING`],
    },
    { name: 'leads to itself', repository: { [file]: extending('.') }, expected: [`${file}:3:10 EXTENDS_CYCLE`] },
    {
      name: 'goes in a circle',
      repository: {
        [file]: extending('../../a'),
        'a/network.yaml': extending('../b'),
        'b/network.yaml': extending('../a'),
      },
      expected: ['b/network.yaml:3:10 EXTENDS_CYCLE'],
    },
    {
      name: 'is longer than five',
      repository: {
        [file]: extending('../../b1'),
        ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`b${n}/network.yaml`, extending(`../b${n + 1}`)])),
        'b6/network.yaml': base,
      },
      expected: ['b5/network.yaml:3:10 EXTENDS_TOO_DEEP'],
    },
    {
      name: 'ends in a broken base',
      repository: { [file]: extending('../../base', 'spec: { foo: 1 }\n'), 'base/network.yaml': 'a: [\n' },
      expected: ['base/network.yaml:2:1 YAML_SYNTAX'],
    },
    {
      name: 'ends in another kind',
      repository: { [file]: extending('../../base'), 'base/network.yaml': 'apiVersion: v1\nkind: Pod\n' },
      expected: ['base/network.yaml:2:7 WRONG_KIND'],
    },
  ]
  for (const { name, repository, expected } of cases) {
    test(`because it ${name} is refused at its place`, () => expect(found(repository)).toEqual(expected))
  }

  test('of exactly five bases is followed', () => {
    const repository = {
      [file]: extending('../../b1'),
      ...Object.fromEntries([1, 2, 3, 4].map((n) => [`b${n}/network.yaml`, extending(`../b${n + 1}`)])),
      'b5/network.yaml': network,
    }
    expect(found(repository)).toEqual([])
  })
})

describe('merging', () => {
  const leaf = fc.oneof(fc.integer(), fc.constantFrom('a', 'b', null), fc.array(fc.integer(), { maxLength: 2 }))
  const { tree } = fc.letrec((tie) => ({
    tree: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof({ maxDepth: 3 }, leaf, tie('tree')), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  }))
  const layersOf = (values: readonly unknown[]) =>
    values.map((value, index) => {
      const [document] = readYaml(`${index}.yaml`, toYaml(value), documentOptions).documents
      if (document === undefined) throw new Error('not printed')
      return { document }
    })

  test('keeps for every value the document that it came from', () => {
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 4 }), (values) => {
        const [first, ...rest] = layersOf(values)
        if (first === undefined) return
        const layered = layerDocuments([first, ...rest])
        for (const [path, value] of leavesOf(layered.value)) {
          const source = values[Number.parseInt(layered.place(path).place.file, 10)]
          expect(valueAt(source, path)).toEqual(value)
        }
      }),
    )
  })

  test('over nothing and over itself changes nothing', () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(mergeValues({}, value)).toEqual(value)
        expect(mergeValues(value, value)).toEqual(value)
      }),
    )
  })
})

function leavesOf(value: unknown, path: readonly string[] = []): [readonly string[], unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[path, value]]
  return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, key]))
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Readonly<Record<string, unknown>>)[key], value)
}
