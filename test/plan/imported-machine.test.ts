import { expect, test } from 'vitest'
import type { NodeConfigReading } from '../../src/domain/k3s-config-reading.ts'
import { planNode } from '../../src/plan/plan-node.ts'
import { readNodeConfig } from '../../src/reconcile/read-node-config.ts'
import { toYaml } from '../../src/text/yaml-print.ts'
import { describe, file, inventory, manifests, observation, observed, planInput, program } from '../lab/planning.ts'

const lan = `${manifests}/lan.yaml`
const dropInPath = '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml'

test('a foreign file with the wanted content is claimed whatever its mode, and narrowed once it is ours', () => {
  const wanted = program([file(lan, 'a')])
  const wide = observation(observed(lan, 'a', { mode: 0o644 }))
  const first = planNode(planInput({ program: wanted, observation: wide }))
  expect(first.changes).toEqual([])
  expect(first.claims.map(({ path }) => path)).toEqual([lan])
  const next = planNode(planInput({ program: wanted, observation: wide, inventory: inventory({ [lan]: 'a' }) }))
  expect(next.changes.map(describe)).toEqual(['update lan.yaml Drift'])
})

test('a link with the wanted content behind it is not', () => {
  const link = observation(observed(lan, 'a', { type: 'symlink' }))
  expect(planNode(planInput({ program: program([file(lan, 'a')]), observation: link })).changes.map(describe)).toEqual([
    'takeover lan.yaml Foreign',
  ])
})

const config = (files: Readonly<Record<string, string>>): NodeConfigReading =>
  readNodeConfig({ files: new Map(Object.entries(files)) }).reading

test.each([
  ['a switch has several words', { 'disable-kube-proxy': true }, { 'config.yaml': 'disable-kube-proxy: "1"\n' }, []],
  ['off is a word too', { 'disable-kube-proxy': false }, { 'config.yaml': 'disable-kube-proxy: F\n' }, []],
  ['what is left out twice is left out', { disable: ['traefik'] }, { 'config.yaml': 'disable: traefik,traefik\n' }, []],
  [
    'a release without drop-ins passes over them',
    { 'cluster-domain': 'a' },
    { 'config.yaml': 'cluster-domain: a\n', 'config.yaml.d/1.yaml': 'cluster-domain: b\n' },
    [],
    'v1.20.15+k3s1',
  ],
  [
    'a later one reads them',
    { 'cluster-domain': 'a' },
    { 'config.yaml': 'cluster-domain: a\n', 'config.yaml.d/1.yaml': 'cluster-domain: b\n' },
    [`create /var/lib/fairlead/staged${dropInPath} Revision`],
  ],
])('flags in force: %s', (_name, ours, files, expected, k3sVersion = 'v1.33.4+k3s1') => {
  const read = Object.fromEntries(Object.entries(files).map(([name, text]) => [`/etc/rancher/k3s/${name}`, text]))
  const dropIn = file(dropInPath, toYaml(ours), 'k3s-config')
  const plan = planNode(
    planInput({ program: program([dropIn], { k3sVersion }), engine: 'k3s', hasK3s: true, config: config(read) }),
  )
  expect(plan.changes.map(describe)).toEqual(expected)
})
