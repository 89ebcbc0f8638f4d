import { describe, expect, test } from 'vitest'
import type { FileArtefact } from '../../src/domain/artefact.ts'
import type {
  ConfigEntry,
  ConfigFileReading,
  ConfigScalar,
  NodeConfigReading,
} from '../../src/domain/k3s-config-reading.ts'
import { isInEffect, overriddenFlags } from '../../src/plan/flag-check.ts'
import { planNode } from '../../src/plan/plan-node.ts'
import { toYaml } from '../../src/text/yaml-print.ts'
import { file, inventory, observation, observed, planInput, program, describe as told } from '../lab/planning.ts'

const folder = '/etc/rancher/k3s'
const dropInPath = `${folder}/config.yaml.d/90-fairlead.yaml`
const staged = `/var/lib/fairlead/staged${dropInPath}`

type Value = string | number | boolean | readonly string[]

function dropIn(values: Readonly<Record<string, Value>>): FileArtefact {
  return file(dropInPath, toYaml(values), 'k3s-config')
}

const at = (path: string) => ({ place: { file: path, line: 1, column: 1 } })

function configFile(path: string, values: Readonly<Record<string, Value>>): ConfigFileReading {
  const scalar = (value: string | number | boolean): ConfigScalar => {
    const text = String(value)
    return { kind: 'scalar', type: 'string', text, source: text, isQuoted: true, at: at(path) }
  }
  const entries = Object.entries(values).map(
    ([key, value]): ConfigEntry => ({
      key: key.replace(/\+$/, ''),
      appends: key.endsWith('+'),
      at: at(path),
      value: typeof value === 'object' ? { kind: 'list', items: value.map(scalar) } : scalar(value),
    }),
  )
  return { path, documents: 1, entries, at: at(path) }
}

function config(
  files: Readonly<Record<string, Readonly<Record<string, Value>>>>,
  args: readonly (readonly [string, string])[] = [],
): NodeConfigReading {
  return {
    files: Object.entries(files).map(([name, values]) => configFile(`${folder}/${name}`, values)),
    ignoredFiles: [],
    arguments: args.map(([key, text]) => ({ key, text, at: at('/etc/systemd/system/k3s.service') })),
    environment: [],
  }
}

describe('flags that are in force already', () => {
  const cases: readonly { name: string; ours: Record<string, Value>; config: NodeConfigReading; expected: boolean }[] =
    [
      { name: 'by default', ours: { 'flannel-backend': 'vxlan', disable: [] }, config: config({}), expected: true },
      {
        name: 'by the main file, as a comma string',
        ours: { disable: ['servicelb', 'traefik'] },
        config: config({ 'config.yaml': { disable: 'traefik,servicelb' } }),
        expected: true,
      },
      {
        name: 'by the unit',
        ours: { 'flannel-backend': 'host-gw', 'disable-kube-proxy': false },
        config: config({}, [['flannel-backend', 'host-gw']]),
        expected: true,
      },
      {
        name: 'by an alias',
        ours: { 'node-ip': ['10.0.0.1'] },
        config: config({}, [['i', '10.0.0.1']]),
        expected: true,
      },
      {
        name: 'DNS follows the range of Services',
        ours: { 'cluster-dns': ['10.60.0.10'] },
        config: config({ 'config.yaml': { 'service-cidr': '10.60.0.0/16' } }),
        expected: true,
      },
      {
        name: 'the order of addresses says something',
        ours: { 'node-ip': ['fd00::1', '10.0.0.1'] },
        config: config({ 'config.yaml': { 'node-ip': '10.0.0.1,fd00::1' } }),
        expected: false,
      },
      {
        name: 'one flag too many on the machine is one that is missing here',
        ours: { disable: ['traefik'] },
        config: config({ 'config.yaml': { disable: ['traefik'], 'disable+': ['servicelb'] } }),
        expected: false,
      },
      {
        name: 'another value',
        ours: { 'flannel-backend': 'vxlan' },
        config: config({ 'config.yaml': { 'flannel-backend': 'none' } }),
        expected: false,
      },
    ]
  for (const { name, ours, config: reading, expected } of cases) {
    test(name, () => expect(isInEffect(dropIn(ours), reading)).toBe(expected))
  }

  test('our own drop-in is no witness for itself', () => {
    const reading = config({ 'config.yaml.d/90-fairlead.yaml': { 'flannel-backend': 'host-gw' } })
    expect(isInEffect(dropIn({ 'flannel-backend': 'host-gw' }), reading)).toBe(false)
  })
})

describe('flags that something stronger overrides', () => {
  const overridden = (ours: Record<string, Value>, reading: NodeConfigReading): string[] =>
    overriddenFlags(dropIn(ours), reading).map((flag) => `${flag.key} ${flag.at.place.file}`)

  test('earlier files do not', () => {
    const reading = config({
      'config.yaml': { 'flannel-backend': 'none', disable: 'traefik' },
      'config.yaml.d/10-site.yaml': { 'flannel-backend': 'ipsec', 'disable+': ['coredns'] },
    })
    expect(overridden({ 'flannel-backend': 'vxlan', disable: [] }, reading)).toEqual([])
  })

  test('a later drop-in does, plain or appending', () => {
    const reading = config({ 'config.yaml.d/99-site.yaml': { 'flannel-backend': 'none', 'disable+': ['coredns'] } })
    expect(overridden({ 'flannel-backend': 'vxlan', disable: ['traefik'] }, reading).sort()).toEqual([
      'disable /etc/rancher/k3s/config.yaml.d/99-site.yaml',
      'flannel-backend /etc/rancher/k3s/config.yaml.d/99-site.yaml',
    ])
  })

  test('the unit does, but for what it says alike', () => {
    const reading = config({}, [
      ['flannel-backend', 'host-gw'],
      ['cluster-domain', 'cluster.local'],
    ])
    expect(overridden({ 'flannel-backend': 'vxlan', 'cluster-domain': 'cluster.local' }, reading)).toEqual([
      'flannel-backend /etc/systemd/system/k3s.service',
    ])
  })

  test('a list on the command line is added to ours, and so never says the same', () => {
    const reading = config({}, [['cluster-cidr', '10.42.0.0/16']])
    expect(overridden({ 'cluster-cidr': ['10.42.0.0/16'] }, reading)).toEqual([
      'cluster-cidr /etc/systemd/system/k3s.service',
    ])
  })

  test('what is left out twice is left out once, and another item is not', () => {
    const reading = config({}, [['disable', 'traefik']])
    expect(overridden({ disable: ['traefik'] }, reading)).toEqual([])
    expect(overridden({ disable: ['coredns'] }, reading)).toEqual(['disable /etc/systemd/system/k3s.service'])
  })
})

describe('a plan', () => {
  const hostGw = dropIn({ 'flannel-backend': 'host-gw' })
  const inForce = config({ 'config.yaml': { 'flannel-backend': 'host-gw' } })

  test('leaves the drop-in out while every flag is in force', () => {
    const plan = planNode(planInput({ program: program([hostGw]), engine: 'k3s', config: inForce }))
    expect(plan.changes.map(told)).toEqual([])
    expect(plan.waitingFlags).toEqual([])
  })

  test('keeps a drop-in of ours although the flags would be in force without it', () => {
    const plan = planNode(
      planInput({
        program: program([hostGw]),
        engine: 'k3s',
        config: inForce,
        inventory: inventory({ [dropInPath]: hostGw.text }),
        observation: observation(observed(dropInPath, 'flannel-backend: edited\n')),
      }),
    )
    expect(plan.changes.map(told)).toEqual([`update ${dropInPath} Drift`])
  })

  test('writes it when a flag differs', () => {
    const reading = config({ 'config.yaml': { 'flannel-backend': 'vxlan' } })
    const plan = planNode(planInput({ program: program([hostGw]), engine: 'k3s', config: reading }))
    expect(plan.changes.map(told)).toEqual([`create ${staged} Revision`])
    expect(plan.refusedFlags).toEqual([])
  })

  test('a first drop-in costs what it changes: the ranges of a living cluster are not replaced', () => {
    const wanted = dropIn({ 'cluster-cidr': ['10.50.0.0/16'], 'flannel-backend': 'host-gw' })
    const plan = planNode(planInput({ program: program([wanted]), engine: 'k3s', config: inForce }))
    expect(plan.changes.map((change) => change.impact.kind)).toEqual(['Rebuild'])
    const fresh = planInput({ program: program([wanted]), engine: 'k3s', config: inForce, hasK3s: false })
    expect(planNode(fresh).changes.map((change) => change.impact.kind)).toEqual(['K3sRestart'])
  })

  test('writing down what is in force already costs nothing more', () => {
    const before = dropIn({ 'flannel-backend': 'host-gw' })
    const after = dropIn({ 'flannel-backend': 'host-gw', 'cluster-cidr': ['10.42.0.0/16'], 'tls-san': ['k3s.lan'] })
    const kinds = (reading: NodeConfigReading | undefined): readonly string[] =>
      planNode(
        planInput({
          program: program([after]),
          engine: 'k3s',
          config: reading,
          inventory: inventory({ [dropInPath]: before.text }),
          observation: observation(observed(dropInPath, before.text)),
        }),
      ).changes.map((change) => change.impact.kind)
    expect(kinds(inForce)).toEqual(['K3sRestart'])
    expect(kinds(undefined)).toEqual(['K3sRestart'])
    expect(kinds(config({ 'config.yaml': { 'cluster-cidr': '10.60.0.0/16' } }))).toEqual(['Rebuild'])
  })

  test('is refused while the unit would still win', () => {
    const reading = config({}, [['flannel-backend', 'vxlan']])
    const plan = planNode(planInput({ program: program([hostGw]), engine: 'k3s', config: reading }))
    expect(plan.refusedFlags).toEqual([
      { kind: 'overridden', key: 'flannel-backend', at: at('/etc/systemd/system/k3s.service') },
    ])
  })

  test('flags that are in place already are not taken back: that something overrides them is reported', () => {
    const plan = planNode(
      planInput({
        program: program([hostGw]),
        engine: 'k3s',
        config: config({}, [['flannel-backend', 'vxlan']]),
        inventory: inventory({ [dropInPath]: hostGw.text }),
        observation: observation(observed(dropInPath, hostGw.text)),
      }),
    )
    expect([plan.changes, plan.refusedFlags]).toEqual([[], []])
    expect(plan.reported).toMatchObject([{ path: dropInPath, reason: 'FlagsOverridden' }])
  })

  test('is refused on a server that keeps its data elsewhere, and not on an agent, which has no manifests', () => {
    const reading = config({ 'config.yaml': { 'flannel-backend': 'host-gw', 'data-dir': '/mnt/k3s' } })
    const on = (role: 'server' | 'agent') =>
      planNode(planInput({ program: program([hostGw], { role }), engine: 'k3s', config: reading })).refusedFlags
    expect(on('server').map(({ kind }) => kind)).toEqual(['other-data-dir'])
    expect(on('agent')).toEqual([])
  })

  test('flags are not written while they are refused, whatever was in force before', () => {
    const plan = planNode(
      planInput({
        program: program([hostGw]),
        engine: 'k3s',
        config: config({}, [['flannel-backend', 'vxlan']]),
        inventory: inventory({ [dropInPath]: hostGw.text }),
      }),
    )
    expect(plan.changes).toEqual([])
    expect(plan.refusedFlags.map(({ kind }) => kind)).toEqual(['overridden'])
  })

  test('is refused while a file that K3s reads cannot be understood', () => {
    const unreadConfig = [{ path: '/etc/rancher/k3s/config.yaml:2', reason: 'the file is not valid YAML' }]
    const plan = planNode(planInput({ program: program([hostGw]), engine: 'k3s', config: inForce, unreadConfig }))
    expect(plan.refusedFlags).toEqual([{ kind: 'unread', ...unreadConfig[0] }])
  })

  test('is refused where K3s reads its drop-ins from another place', () => {
    const reading = config({}, [['config', '/opt/k3s.yaml']])
    const plan = planNode(planInput({ program: program([hostGw]), engine: 'k3s', config: reading }))
    expect(plan.refusedFlags).toEqual([
      { kind: 'other-place', directory: '/opt/k3s.yaml.d', at: at('/etc/systemd/system/k3s.service') },
    ])
  })

  test('is refused where K3s has no folder of drop-ins, and not where it has nothing to write', () => {
    const old = { k3sVersion: 'v1.20.15+k3s1' }
    const refused = planNode(planInput({ program: program([hostGw], old), engine: 'k3s', config: config({}) }))
    expect(refused.refusedFlags).toEqual([{ kind: 'no-drop-ins', release: 'v1.20.15+k3s1' }])
    const empty = planNode(planInput({ program: program([hostGw], old), engine: 'k3s', config: inForce }))
    expect(empty.refusedFlags).toEqual([])
  })
})
