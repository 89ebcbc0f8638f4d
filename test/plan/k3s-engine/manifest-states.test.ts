import { expect, describe as group, test } from 'vitest'
import type { FileArtefact } from '../../../src/domain/artefact.ts'
import { chartsOf, type K3sEngineInput, manifestStates } from '../../../src/plan/k3s-engine/manifest-states.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { file, manifests, program } from '../../lab/planning.ts'
import { addon, chart, failure, k3s, live, liveChart, second } from './deployed.ts'

const lan = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lan, namespace: kube-system}\n'
const override =
  'apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: traefik, namespace: kube-system}\nspec: {valuesContent: "ports: {}\\n"}\n'

function ours(name: string, text: string): K3sEngineInput['manifests'][number] {
  return { path: `${manifests}/${name}`, text, digest: sha256Hex(text), isInPlace: true }
}

const asFile = ({ path, text }: K3sEngineInput['manifests'][number]): FileArtefact => file(path, text)

function look(extra: Partial<K3sEngineInput>): ReturnType<typeof manifestStates> {
  return manifestStates({
    manifests: [ours('lan.yaml', lan)],
    packaged: [],
    names: ['lan.yaml'],
    version: k3s('v1.33.4+k3s1'),
    live: live({ addons: [addon('lan', lan)] }),
    ...extra,
  })
}

test('a manifest that K3s applied needs no chart', () => {
  expect(look({})).toEqual({
    manifests: [{ path: `${manifests}/lan.yaml`, addon: 'lan', state: 'Applied', message: '' }],
    warnings: [],
  })
})

test('rows are sorted by path', () => {
  const { manifests: rows } = look({ manifests: [ours('z.yaml', 'z'), ours('a.yaml', 'a')] })
  expect(rows.map(({ addon: of }) => of)).toEqual(['a', 'z'])
})

test('a marker anywhere keeps K3s from applying it', () => {
  const [row] = look({ names: ['lan.yaml', 'sub/lan.yaml.skip'], live: live() }).manifests
  expect(row).toMatchObject({ state: 'Pending', message: expect.stringContaining('sub/lan.yaml.skip') })
})

test('two files of one Addon are told, whatever state it is in', () => {
  const { warnings } = look({ names: ['lan.yaml', 'sub/lan.json', 'lan.txt'] })
  expect(warnings).toEqual([
    { code: 'ADDON_NAME_CLASH', path: `${manifests}/lan.yaml`, message: expect.stringContaining('sub/lan.json') },
  ])
})

test('a content that came back after another one failed is not taken for applied', () => {
  const { manifests: rows, warnings } = look({
    live: live({ addons: [addon('lan', lan)], words: [failure('lan', second(11))] }),
  })
  expect(rows[0]?.state).toBe('Failed')
  expect(warnings.map(({ code }) => code)).toEqual(['REVERT_AFTER_FAILURE'])
})

test('a failure of the content itself is no revert', () => {
  const { warnings } = look({
    live: live({ addons: [addon('lan', 'former')], words: [failure('lan', second(11))] }),
  })
  expect(warnings).toEqual([])
})

test('a file that is just being written is not judged by what K3s made of the content before', () => {
  const written = { ...ours('lan.yaml', lan), isInPlace: false }
  const { manifests: rows, warnings } = look({
    manifests: [written],
    live: live({ addons: [addon('lan', lan)], words: [failure('lan', second(11))] }),
  })
  expect(rows[0]).toMatchObject({ state: 'Pending', message: 'the file is not in place yet' })
  expect(warnings).toEqual([])
})

test('a packaged file is told of only where K3s failed with it', () => {
  const packaged = [ours('coredns.yaml', 'stock'), ours('traefik.yaml', 'stock')]
  const { manifests: rows } = look({
    packaged,
    live: live({ addons: [addon('lan', lan)], words: [failure('traefik', second(11))] }),
  })
  expect(rows.map(({ addon: of, state }) => [of, state])).toEqual([
    ['lan', 'Applied'],
    ['traefik', 'Failed'],
  ])
})

group('an override', () => {
  const manifest = ours('fairlead-traefik.yaml', override)
  const stored = addon('fairlead-traefik', override)

  test('is looked for by the name and namespace of its document', () => {
    expect(chartsOf(program([asFile(manifest), asFile(manifest), asFile(ours('lan.yaml', lan))]))).toEqual([
      { namespace: 'kube-system', name: 'traefik' },
    ])
    expect(chartsOf(program([asFile(ours('a.yaml', override.replace(', namespace: kube-system', '')))]))).toEqual([
      { namespace: 'default', name: 'traefik' },
    ])
  })

  test('is not applied by its checksum alone', () => {
    const [row] = look({ manifests: [manifest], live: live({ addons: [stored], charts: [chart()] }) }).manifests
    expect(row?.state).toBe('Pending')
  })

  test('is as far as its file before K3s has stored it', () => {
    const [row] = look({ manifests: [manifest], live: live({ charts: [chart()] }) }).manifests
    expect(row?.message).toBe('K3s has not applied it yet')
  })

  test('that is encrypted is not taken for changed: what it says cannot be read here', () => {
    const text = `${override.replace('"ports: {}\\n"', '"ENC[AES256_GCM,data:abc,iv:abc,tag:abc,type:str]"')}sops: {mac: x}\n`
    expect(text).toContain('ENC[AES256_GCM')
    const sealed = ours('fairlead-traefik.yaml', text)
    const found = live({ addons: [addon('fairlead-traefik', text)], charts: [chart()] })
    expect(look({ manifests: [sealed], live: found }).manifests[0]?.message).toContain('there is no Helm job')
  })

  const policies: readonly { readonly own?: string; readonly defaulted?: string; readonly warns: boolean }[] = [
    { own: 'retry', defaulted: 'reinstall', warns: true },
    { own: 'abort', defaulted: 'reinstall', warns: true },
    { own: 'reinstall', defaulted: 'reinstall', warns: false },
    { defaulted: 'reinstall', warns: false },
    { own: 'retry', warns: false },
  ]
  test.each(policies)('without failurePolicy on a chart with $own and a default of $defaulted: $warns', (policy) => {
    const of = (value: string | undefined) => (value === undefined ? {} : { failurePolicy: value })
    const found = chart({ chart: liveChart(of(policy.own)), config: liveChart(of(policy.defaulted)) })
    const { warnings } = look({ manifests: [manifest], live: live({ addons: [stored], charts: [found] }) })
    expect(warnings.map(({ code }) => code)).toEqual(policy.warns ? ['CHART_FAILURE_POLICY'] : [])
  })

  test('that says what it wants is no hazard', () => {
    const text = override.replace('spec: {', 'spec: {failurePolicy: reinstall, ')
    const found = chart({
      chart: liveChart({ failurePolicy: 'abort' }),
      config: liveChart({ failurePolicy: 'reinstall' }),
    })
    const { warnings } = look({ manifests: [ours('fairlead-traefik.yaml', text)], live: live({ charts: [found] }) })
    expect(warnings).toEqual([])
  })
})
