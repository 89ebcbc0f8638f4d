import { describe, expect, test } from 'vitest'
import type { DropFinding } from '../../src/domain/drop.ts'
import type { ObservedFile } from '../../src/domain/observation.ts'
import type { NodeProgram } from '../../src/domain/program.ts'
import { assessDrops } from '../../src/plan/drops.ts'
import { file, inventory, manifests, observation, observed, planInput, program } from '../lab/planning.ts'

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`
const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: token }\nstringData: { password: hunter2 }\n'

/** @param files name in the manifests directory → content, or what is there instead of a file */
function assess(files: Readonly<Record<string, string | Partial<ObservedFile>>>, changes: Partial<NodeProgram> = {}) {
  const seen = Object.entries(files).map(([name, content]) =>
    typeof content === 'string'
      ? observed(`${manifests}/${name}`, content)
      : { path: `${manifests}/${name}`, mode: 0o777, ownerUid: 0, modifiedAtMs: 0, sizeBytes: 9, ...special(content) },
  )
  return assessDrops(planInput({ program: program([], changes), observation: observation(...seen), engine: 'k3s' }))
}

function special(content: Partial<ObservedFile>): Pick<ObservedFile, 'type'> & Partial<ObservedFile> {
  return { type: 'file', ...content }
}

function codes(findings: readonly DropFinding[] | undefined): string[] {
  return (findings ?? []).map(({ code, line, column }) => `${line}:${column} ${code}`)
}

describe('what a drop is', () => {
  test('a file that neither K3s nor Fairlead wrote, and that K3s would deploy', () => {
    const paths = ['coredns.yaml', 'mine.yaml', 'gone.yaml', 'lan.yaml', '.hidden.yaml', 'notes.txt', 'sub/dns.json']
    const seen = paths.map((name) => observed(`${manifests}/${name}`, name.endsWith('.json') ? '{}' : ''))
    const drops = assessDrops(
      planInput({
        program: program([file(`${manifests}/mine.yaml`, '')]),
        inventory: inventory({ [`${manifests}/gone.yaml`]: '' }),
        observation: observation(...seen),
        engine: 'k3s',
      }),
    )
    expect(drops.map((drop) => drop.path)).toEqual([`${manifests}/lan.yaml`, `${manifests}/sub/dns.json`])
  })

  test('a sound one has no findings and is handled as the program says', () => {
    const [drop] = assess(
      { 'lan.yaml': configMap('lan') },
      { drift: { packagedFiles: 'Restore', drops: 'Quarantine' } },
    )
    expect(drop).toMatchObject({ findings: [], holdsSecret: false, handling: 'Quarantine' })
    expect(drop?.digest).toBe(observed('', configMap('lan')).digest)
  })

  test('a Secret is never adopted: it stays on the machine, and its findings show none of it', () => {
    const files = { 'lan.yaml': configMap('lan'), 'token.yaml': `${secret}---\n${secret}`, 'two.yaml': secret }
    const drops = assess(files, { drift: { packagedFiles: 'Restore', drops: 'Adopt' } })
    expect(drops.map((drop) => [drop.holdsSecret, drop.handling])).toEqual([
      [false, 'Adopt'],
      [true, 'Report'],
      [true, 'Report'],
    ])
    expect(drops[1]?.findings).not.toEqual([])
    expect(JSON.stringify(drops)).not.toContain('hunter2')
  })
})

describe('what K3s trips over', () => {
  test('text that does not parse, with its place', () => {
    const [drop] = assess({ 'lan.yaml': `${configMap('lan')}data: [` })
    expect(drop?.findings).toHaveLength(1)
    expect(drop?.findings[0]).toMatchObject({ line: 4, column: 8 })
  })

  test('an object without a name, at its place', () => {
    const [drop] = assess({ 'lan.yaml': `${configMap('lan')}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {}\n` })
    expect(drop?.findings.map(({ code, line }) => `${line} ${code}`)).toEqual(['7 MANIFEST_INCOMPLETE'])
  })

  test.each([
    ['a symbolic link', { type: 'symlink' }, 'is a symbolic link'],
    ['a pipe', { type: 'other' }, 'cannot be read: other'],
    ['bytes that are no text', { digest: 'ff', unreadable: 'not UTF-8' }, 'cannot be read: not UTF-8'],
  ] as const)('%s', (_name, there, what) => {
    expect(assess({ 'lan.yaml': there })[0]?.findings).toMatchObject([{ code: 'DROP_UNREADABLE', what }])
  })

  test('two files of one Addon, each told of the other, whatever their directories', () => {
    const drops = assess({ 'a/lan.yaml': configMap('one'), 'lan.two.yaml': configMap('two'), 'z.yaml': configMap('z') })
    expect(drops.map((drop) => codes(drop.findings))).toEqual([['1:1 ADDON_NAME_CLASH'], ['1:1 ADDON_NAME_CLASH'], []])
    expect(drops[0]?.findings[0]?.what).toContain('with lan.two.yaml')
    expect(drops[1]?.findings[0]?.what).toContain('with a/lan.yaml')
  })

  test('an object in two files, at its place in each; the same kind of another namespace is another object', () => {
    const elsewhere = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: dns, namespace: lab }\n'
    const drops = assess({
      'a.yaml': `${configMap('lan')}---\n${configMap('dns')}`,
      'b.yaml': configMap('dns'),
      'c.yaml': elsewhere,
    })
    expect(drops.map((drop) => codes(drop.findings))).toEqual([['5:1 OBJECT_TWICE'], ['1:1 OBJECT_TWICE'], []])
    expect(drops[0]?.findings[0]?.what).toBe('ConfigMap default/dns is defined in b.yaml as well')
  })

  test('an object in three files: each names the first of the others', () => {
    const drops = assess({ 'a.yaml': configMap('x'), 'b.yaml': configMap('x'), 'c.yaml': configMap('x') })
    expect(drops.map((drop) => drop.findings[0]?.what.match(/in (\S+)/)?.[1])).toEqual(['b.yaml', 'a.yaml', 'a.yaml'])
  })

  test('an object that a file of ours defines: only the drop is told', () => {
    const ours = file(`${manifests}/ours.yaml`, configMap('lan'))
    const drops = assessDrops(
      planInput({
        program: program([ours]),
        observation: observation(observed(ours.path, ours.text), observed(`${manifests}/a.yaml`, configMap('lan'))),
      }),
    )
    expect(drops.map((drop) => [drop.path, codes(drop.findings)])).toEqual([
      [`${manifests}/a.yaml`, ['1:1 OBJECT_TWICE']],
    ])
  })

  test.each([
    ['My_Lan.yaml', 'ADDON_NAME_INVALID'],
    ['traefik.yml', 'DISABLED_NAME'],
    ['metrics-server/mine.yaml', 'DISABLED_NAME'],
  ])('the name %s', (name, code) => {
    const packaged = { disabled: ['traefik', 'metrics-server'], clusterDNS: [], clusterDomain: 'cluster.local' }
    expect(codes(assess({ [name]: configMap('lan') }, { packaged })[0]?.findings)).toEqual([`1:1 ${code}`])
  })

  test('without a K3s, a name that K3s will write itself', () => {
    const seen = observation(observed(`${manifests}/ccm.yaml`, configMap('lan')))
    expect(codes(assessDrops(planInput({ observation: seen }))[0]?.findings)).toEqual(['1:1 PACKAGED_NAME'])
  })
})

describe('many objects', () => {
  const list = (change: string): string => {
    const items = Array.from({ length: 2000 }, (_, n) => `- { metadata: { name: n${n}${change} } }\n`)
    return `apiVersion: v1\nkind: ConfigMapList\nitems:\n${items.join('')}`
  }
  const count = (files: Readonly<Record<string, string>>): number[] => assess(files).map((drop) => drop.findings.length)

  test('a pass over files that were read before costs a fraction of the first', () => {
    const files = { 'a.yaml': list(''), 'b.yaml': list('') }
    const timed = (): number => {
      const startMs = performance.now()
      expect(count(files)).toEqual([2000, 2000])
      return performance.now() - startMs
    }
    const firstMs = timed()
    expect(Math.min(timed(), timed(), timed())).toBeLessThan(firstMs / 3)
  })

  test('an edit is read at once, and the same bytes under another name keep their own findings', () => {
    expect(count({ 'a.yaml': configMap('x'), 'b.yaml': configMap('x') })).toEqual([1, 1])
    expect(count({ 'a.yaml': configMap('x'), 'b.yaml': configMap('y') })).toEqual([0, 0])
    expect(count({ 'a.yaml': 'kind: [', 'c.yaml': 'kind: [' })).toEqual([1, 1])
  })
})
