import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadCluster } from '../../src/schema/load-cluster.ts'
import type { RepositoryEntry } from '../../src/schema/repository-entries.ts'
import { type Content, directory, entriesBelow, entry, found, load, network } from './repository-builder.ts'

const file = `${directory}/network.yaml`
const link: Content = { type: 'symlink', sizeBytes: 11 }

function codes(repository: Readonly<Record<string, Content>>): string[] {
  return [...new Set(load(repository).problems.map(({ code }) => code))]
}

describe('entries that are no files', () => {
  test('links are refused wherever something would be read', () => {
    expect(found({ [file]: link })).toEqual([`${file}:1:1 SYMLINK_REFUSED`])
    expect(found({ [file]: network, [`${directory}/manifests/passwd.yaml`]: link })).toEqual([
      `${directory}/manifests/passwd.yaml:1:1 SYMLINK_REFUSED`,
    ])
    expect(found({ [file]: network, [`${directory}/nodes`]: link, [`${directory}/manifests`]: link })).toEqual([
      `${directory}/manifests:1:1 SYMLINK_REFUSED`,
      `${directory}/nodes:1:1 SYMLINK_REFUSED`,
    ])
  })

  test('links where nothing is read are left alone', () => {
    expect(found({ [file]: network, [`${directory}/images`]: link, [`${directory}/docs/x`]: link })).toEqual([])
  })

  test('a base that is a link is refused', () => {
    expect(found({ [file]: `${network}extends: ../../base\n`, 'base/network.yaml': link })).toEqual([
      'base/network.yaml:1:1 SYMLINK_REFUSED',
    ])
  })

  test('submodules are refused', () => {
    expect(codes({ [file]: network, [`${directory}/manifests/sub`]: { type: 'submodule', sizeBytes: 0 } })).toEqual([
      'SUBMODULE_REFUSED',
    ])
  })
})

describe('paths', () => {
  const inManifests = (name: string): string[] => codes({ [file]: network, [`${directory}/manifests/${name}`]: 'x' })

  test('that lead elsewhere are refused', () => {
    for (const name of [
      '../../x.yaml',
      '../x.yaml',
      './x.yaml',
      'a//x.yaml',
      '..',
      'a\\..\\x.yaml',
      'a\nb.yaml',
      'a\u0000.yaml',
      '\u001B[2J.yaml',
    ]) {
      expect(inManifests(name), JSON.stringify(name)).toEqual(['PATH_UNSAFE'])
    }
  })

  test('that no machine takes are refused', () => {
    expect(inManifests(`${'x'.repeat(260)}.yaml`)).toEqual(['PATH_TOO_LONG'])
    expect(inManifests(`${'ö'.repeat(130)}.yaml`)).toEqual(['PATH_TOO_LONG'])
    expect(inManifests(`${'d/'.repeat(600)}x.yaml`)).toEqual(['PATH_TOO_LONG'])
  })

  test('that lie outside of what was read are refused', () => {
    const outcome = loadCluster({
      clusterDirectory: directory,
      directories: new Map([
        [directory, [entry(file, network), entry('../../etc/passwd', 'x'), entry('/etc/shadow', 'x')]],
      ]),
    })
    expect(outcome).toMatchObject({ kind: 'refused', problems: [{ code: 'PATH_UNSAFE' }, { code: 'PATH_UNSAFE' }] })
  })

  test('carry no control characters into reports', () => {
    const { problems } = load({ [file]: network, [`${directory}/nodes/\u001B[31m.yaml`]: 'x' })
    expect(problems.flatMap(({ place, what, why, fix }) => [place.file, what, why, fix]).join(' ')).not.toMatch(
      /\p{Cc}/u,
    )
    expect(problems[0]?.place.file).toBe(`${directory}/nodes/\\x1b[31m.yaml`)
  })
})

describe('content', () => {
  test('of 50 MB, which no reader hands over, is refused by its size', () => {
    const huge: Content = { type: 'file', sizeBytes: 50 * 1024 * 1024 }
    expect(
      found({ [file]: huge, [`${directory}/nodes/a.yaml`]: huge, [`${directory}/manifests/a.yaml`]: huge }),
    ).toEqual([
      `${directory}/manifests/a.yaml:1:1 FILE_TOO_LARGE`,
      `${file}:1:1 FILE_TOO_LARGE`,
      `${directory}/nodes/a.yaml:1:1 FILE_TOO_LARGE`,
    ])
  })

  test('of a chart that is too large is not told to be split', () => {
    const huge: Content = { type: 'file', sizeBytes: 2 * 1024 * 1024 }
    const { problems } = load({ [file]: network, [`${directory}/charts/cilium-1.17.4.tgz`]: huge })
    expect(problems.map(({ code }) => code)).toEqual(['FILE_TOO_LARGE'])
    expect(problems[0]?.why).toContain('1048576 bytes')
    expect(problems[0]?.fix).not.toContain('split')
  })

  test('that is no text is refused', () => {
    const bytes = new Uint8Array([0x61, 0xff, 0xfe])
    expect(
      found({ [file]: bytes, [`${directory}/manifests/a.yaml`]: bytes, [`${directory}/manifests/a.bin`]: bytes }),
    ).toEqual([
      `${directory}/manifests/a.bin:1:1 INVALID_UTF8`,
      `${directory}/manifests/a.yaml:1:2 INVALID_UTF8`,
      `${file}:1:2 INVALID_UTF8`,
    ])
  })

  test('that would flood, overflow or poison is refused', () => {
    const bomb = [
      'a0: &a0 [x,x,x,x,x,x,x,x,x]',
      ...Array.from({ length: 8 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join()}]`),
    ].join('\n')
    expect(codes({ [file]: `${network}${bomb}\n` })).toContain('ALIAS_EXPANSION')
    expect(codes({ [file]: `${network}  x: ${'['.repeat(100_000)}` })).toEqual(['TOO_DEEP'])
    expect(codes({ [file]: `${network}  x: a\u0000b\n` })).toEqual(['CONTROL_CHARACTER'])
    expect(codes({ [file]: `${network}  __proto__: { k3sVersion: x }\n` })).toEqual(['FORBIDDEN_KEY'])
    expect(codes({ [file]: network, [`${directory}/manifests/a.yaml`]: '['.repeat(100_000) })).toEqual(['TOO_DEEP'])
    expect(Object.hasOwn(Object.prototype, 'k3sVersion')).toBe(false)
  })
})

describe('whatever a repository holds', () => {
  const words = fc.constantFrom(
    'spec',
    'extends',
    '../../base',
    'kind',
    'ClusterNetwork',
    'metadata',
    'name',
    '__proto__',
    'pools',
    'null',
    '- ',
    ': ',
    '\n',
    '\n  ',
    '{',
    '}',
    '[',
    ']',
    '&a',
    '*a',
    '<<: *a',
    '|',
    'yes',
    '"',
    '#',
    '---\n',
    'apiVersion',
    'fairlead.dev/v1alpha1',
    '10.0.0.0/8',
  )
  const text = fc.oneof(
    fc.array(words, { maxLength: 40 }).map((parts) => parts.join(' ')),
    fc.array(words, { maxLength: 20 }).map((parts) => network + parts.join(' ')),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 100 }),
  )
  const path = fc.oneof(
    fc.constantFrom(
      'network.yaml',
      'network.yml',
      'nodes/a.yaml',
      'manifests/a.yaml',
      'manifests/a.json',
      'manifests/a',
      'nodes',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  const entries = fc.array(
    fc.record({
      path,
      content: text,
      type: fc.constantFrom('file' as const, 'file' as const, 'symlink' as const, 'submodule' as const),
    }),
    { maxLength: 5 },
  )

  test('the answer is an outcome with placed problems, never a throw', () => {
    fc.assert(
      fc.property(entries, text, (given, baseText) => {
        const listed: RepositoryEntry[] = given.map(({ path: name, content, type }) => ({
          ...entry(`${directory}/${name}`, content),
          type,
        }))
        const base = entriesBelow({ 'base/network.yaml': baseText }, 'base')
        const outcome = loadCluster({
          clusterDirectory: directory,
          directories: new Map([
            [directory, listed],
            ['base', base],
          ]),
        })
        if (outcome.kind === 'needs') expect(outcome.directories).toHaveLength(1)
        else for (const problem of outcome.problems) expect(problem.place.line).toBeGreaterThan(0)
      }),
      { numRuns: 300 },
    )
  })
})
