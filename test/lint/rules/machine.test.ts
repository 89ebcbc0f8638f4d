import { describe, expect, test } from 'vitest'
import type { Facts, KubernetesObject } from '../../../src/domain/facts.ts'
import type { HostListener, HostReading } from '../../../src/domain/host.ts'
import { machineRules } from '../../../src/lint/machine/machine-rules.ts'
import { runRules } from '../../../src/lint/run-rules.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { viewMachine } from '../../../src/reconcile/machine-subject.ts'
import { sha256Hex } from '../../../src/text/digest.ts'
import { hostReading, running, startedAtMs } from '../../lab/machine-reading.ts'
import { testRules } from './rule-cases.ts'

const config = '/etc/rancher/k3s/config.yaml'
const unit = '/etc/systemd/system/k3s.service'
const manifests = '/var/lib/rancher/k3s/server/manifests'
const pristineFile = '/var/lib/fairlead/pristine.json'

function machine(
  reading: HostReading,
  facts: Partial<Facts> & { readonly args?: readonly string[] } = {},
): LintSubject {
  const { args, ...rest } = facts
  const annotations = args === undefined ? {} : { 'k3s.io/node-args': JSON.stringify(['server', ...args]) }
  const live: Facts = {
    origin: 'live',
    nodes: [{ name: 'pi-1', role: 'server', labels: {}, addresses: [], k3sVersion: 'v1.33.4+k3s1', annotations }],
    services: [],
    ...rest,
  }
  return viewMachine({ reading, ...(Object.keys(facts).length === 0 ? {} : { facts: live }) }).subject
}

function started(files: Parameters<typeof hostReading>[0], rest: Partial<HostReading> = {}): HostReading {
  return hostReading(files, { process: running(), installedVersion: 'v1.33.4+k3s1', ...rest })
}

const object = (kind: string, name: string, fields: Readonly<Record<string, unknown>>): KubernetesObject => ({
  apiVersion: kind === 'Addon' ? 'k3s.cattle.io/v1' : kind === 'HelmChart' ? 'helm.cattle.io/v1' : 'v1',
  kind,
  metadata: { name, namespace: 'kube-system' },
  ...fields,
})

const late = startedAtMs + 600_000
const staged = startedAtMs + 20_000
const pristine = (pid: number, text: string): string =>
  JSON.stringify({ digest: '', value: { files: { [`${manifests}/ccm.yaml`]: text }, identity: { pid } }, version: 1 })
const lan = `${manifests}/lan.yaml`
const appliedLan = { spec: { source: lan, checksum: sha256Hex('kind: A\n') } }

function listening(listeners: readonly HostListener[], rest: Partial<HostReading> = {}): LintSubject {
  return machine(hostReading({}, { network: { interfaces: [], defaultRoutes: [], listeners }, ...rest }))
}
const tcp = (port: number, program?: string, address = '0.0.0.0'): HostListener => ({
  protocol: 'tcp',
  address,
  port,
  ...(program === undefined ? {} : { program, pid: 77 }),
})

testRules(machineRules, {
  'machine-restart-due': {
    fails: [
      // The Node says what it was started with.
      machine(started({ [config]: 'flannel-backend: host-gw\n' }), { args: ['--flannel-backend', 'vxlan'] }),
      machine(started({ [config]: 'disable: [traefik, servicelb]\n' }), { args: ['--disable', 'traefik'] }),
      machine(started({ [config]: 'node-name: pi-1\n' }), { args: ['--node-name', 'pi-1', '--cluster-init', 'true'] }),
      // An older K3s shows its arguments.
      machine(
        started(
          { [unit]: '[Service]\nExecStart=/usr/local/bin/k3s server --disable=traefik\n' },
          { process: running({ arguments: ['/usr/local/bin/k3s', 'server', '--disable=servicelb'] }) },
        ),
      ),
      // Its variables.
      machine(
        started(
          {
            [unit]: '[Service]\nEnvironmentFile=/etc/default/k3s\nExecStart=/usr/local/bin/k3s server\n',
            '/etc/default/k3s': 'K3S_NODE_NAME=pi-1\n',
            [config]: 'cluster-init: true\n',
          },
          { process: running({ environment: { K3S_NODE_NAME: 'old-name' } }) },
        ),
      ),
      // A younger file, while nothing else tells.
      machine(started({ [config]: { text: 'cluster-init: true\n', modifiedAtMs: late } })),
    ],
    passes: [
      machine(started({ [config]: 'disable: [traefik]\ntoken: secret\n' }), {
        args: ['--disable', 'traefik', '--token', '********'],
      }),
      // K3s leaves a key out that it does not know.
      machine(started({ [config]: 'flannel-backed: host-gw\n' }), { args: [] }),
      // Written again with the same content.
      machine(started({ [config]: { text: 'cluster-init: true\n', modifiedAtMs: late } }), {
        args: ['--cluster-init', 'true'],
      }),
      // Started a minute ago: the Node may still say what was before.
      machine(started({ [config]: 'cluster-init: true\n' }, { readAtMs: startedAtMs + 60_000 }), { args: [] }),
      // Nothing runs.
      machine(hostReading({ [config]: { text: 'cluster-init: true\n', modifiedAtMs: late } }), { args: [] }),
      machine(
        started(
          { [unit]: '[Service]\nExecStart=/usr/local/bin/k3s server\n' },
          { process: running({ environment: { K3S_DATA_DIR: '/var/lib/rancher/k3s/data/0123' } }) },
        ),
      ),
    ],
  },
  'machine-version-differs': {
    fails: [
      machine(started({}, { installedVersion: 'v1.34.1+k3s1' }), { args: [] }),
      machine(
        hostReading({}, { process: running(), installedBinary: { path: '/usr/local/bin/k3s', modifiedAtMs: late } }),
      ),
    ],
    passes: [
      machine(started({}), { args: [] }),
      machine(hostReading({}, { installedVersion: 'v1.34.1+k3s1' }), { args: [] }),
      machine(
        hostReading({}, { process: running(), installedBinary: { path: '/usr/local/bin/k3s', modifiedAtMs: 0 } }),
      ),
    ],
  },
  'machine-packaged-edited': {
    fails: [
      machine(
        started({
          [`${manifests}/ccm.yaml`]: { text: '', modifiedAtMs: staged },
          [`${manifests}/coredns.yaml`]: { text: '', modifiedAtMs: late },
        }),
      ),
      machine(started({ [`${manifests}/ccm.yaml`]: 'mine', [pristineFile]: pristine(812, "K3s's") })),
    ],
    passes: [
      machine(
        started({
          [`${manifests}/ccm.yaml`]: { text: '', modifiedAtMs: staged },
          [`${manifests}/coredns.yaml`]: { text: '', modifiedAtMs: staged + 5_000 },
          [lan]: { text: '', modifiedAtMs: late },
        }),
      ),
      // Restored by Fairlead: young, and what K3s wrote.
      machine(
        started({
          [`${manifests}/ccm.yaml`]: { text: "K3s's", modifiedAtMs: late },
          [`${manifests}/coredns.yaml`]: { text: '', modifiedAtMs: staged },
          [pristineFile]: pristine(812, "K3s's"),
        }),
      ),
      // What another process staged says nothing about this one.
      machine(started({ [`${manifests}/ccm.yaml`]: 'newer', [pristineFile]: pristine(700, 'older') })),
      machine(hostReading({ [`${manifests}/ccm.yaml`]: { text: '', modifiedAtMs: late } })),
    ],
  },
  'machine-addon-failed': {
    fails: [
      machine(started({}), { objects: [object('Addon', 'lan', { spec: { source: lan, checksum: '' } })] }),
      machine(started({}), {
        objects: [
          object('Addon', 'lan', appliedLan),
          object('Event', 'lan.1', {
            type: 'Warning',
            reason: 'ApplyManifestFailed',
            involvedObject: { kind: 'Addon', name: 'lan' },
          }),
        ],
      }),
      machine(started({ [lan]: 'kind: B\n' }), { objects: [object('Addon', 'lan', appliedLan)] }),
    ],
    passes: [
      machine(started({ [lan]: 'kind: A\n' }), { objects: [object('Addon', 'lan', appliedLan)] }),
      // Written a minute ago.
      machine(started({ [lan]: { text: 'kind: B\n', modifiedAtMs: startedAtMs + 3_540_000 } }), {
        objects: [object('Addon', 'lan', appliedLan)],
      }),
      // Kept from being applied.
      machine(started({ [lan]: 'kind: B\n', [`${lan}.skip`]: '' }), { objects: [object('Addon', 'lan', appliedLan)] }),
      // That release keeps no checksum.
      machine(started({}, { installedVersion: 'v1.21.4+k3s1' }), { objects: [object('Addon', 'lan', { spec: {} })] }),
      // A revision may be what mends it.
      { ...machine(started({}), { objects: [object('Addon', 'lan', { spec: {} })] }), scope: 'repository' },
    ],
  },
  'machine-helm-job-stuck': {
    fails: [
      machine(started({}), {
        objects: [
          object('HelmChart', 'traefik', {
            status: { jobName: 'j', conditions: [{ type: 'Failed', status: 'True', reason: 'InvalidConfig' }] },
          }),
        ],
      }),
      machine(started({}), { objects: [object('HelmChart', 'traefik', {})] }),
      machine(started({}), {
        objects: [
          object('HelmChart', 'traefik', { status: { jobName: 'helm-install-traefik' } }),
          object('Job', 'helm-install-traefik', { status: { failed: 3 } }),
        ],
      }),
    ],
    passes: [
      machine(started({}), {
        objects: [
          object('HelmChart', 'traefik', { status: { jobName: 'helm-install-traefik' } }),
          object('Job', 'helm-install-traefik', { status: { failed: 1, succeeded: 1 } }),
        ],
      }),
      machine(started({ [config]: 'disable-helm-controller: true\n' }), {
        objects: [object('HelmChart', 'traefik', {})],
      }),
      machine(started({}), {
        objects: [
          {
            ...object('HelmChart', 'traefik', {}),
            metadata: {
              name: 'traefik',
              namespace: 'kube-system',
              annotations: { 'helmcharts.helm.cattle.io/unmanaged': 'true' },
            },
          },
        ],
      }),
    ],
  },
  'machine-port-taken': {
    fails: [
      listening([tcp(6443, 'nginx')]),
      listening([tcp(10_250)]),
      listening([tcp(6443, 'haproxy')], { process: running() }),
      listening([tcp(10_248, 'kubelet', '127.0.0.1')]),
      listening([{ protocol: 'udp', address: '0.0.0.0', port: 8472, program: 'other' }]),
    ],
    passes: [
      listening([tcp(6443, 'k3s-server'), tcp(10_250)], { process: running() }),
      listening([tcp(22, 'sshd'), tcp(10_248, 'other', '192.168.1.5')]),
      listening([{ protocol: 'udp', address: '0.0.0.0', port: 8472, program: 'kernel' }]),
      machine(hostReading({})),
    ],
  },
})

describe('what is said', () => {
  function found(id: string, subject: LintSubject) {
    return runRules(
      machineRules.rules.filter((rule) => rule.id === id),
      subject,
    )
  }

  test('a changed flag stands at its line, with both values and the command', () => {
    const subject = machine(started({ [config]: 'cluster-init: true\nflannel-backend: host-gw\n' }), {
      args: ['--cluster-init', 'true', '--flannel-backend', 'vxlan'],
    })
    expect(found('machine-restart-due', subject)).toEqual([
      expect.objectContaining({
        code: 'MACHINE_RESTART_DUE',
        severity: 'warning',
        place: { file: config, line: 2, column: 1 },
        what: 'the files say flannel-backend "host-gw", and K3s runs with flannel-backend "vxlan"',
        fix: 'systemctl restart k3s',
      }),
    ])
  })

  test('a secret that changed is not told', () => {
    const subject = machine(started({ [config]: 'token: new-secret\nvpn-auth: joinKey=abc\n' }), {
      args: ['--token', '********'],
    })
    expect(found('machine-restart-due', subject)).toEqual([])
  })

  test('OpenRC has its own command, and an agent its own service', () => {
    const agent = '#!/sbin/openrc-run\ncommand="/usr/local/bin/k3s"\ncommand_args="agent --node-name=pi-1"\n'
    const subject = machine(
      started(
        { '/etc/init.d/k3s-agent': agent },
        { process: running({ arguments: ['k3s', 'agent', '--node-name=old'] }) },
      ),
    )
    expect(found('machine-restart-due', subject).map(({ fix }) => fix)).toEqual(['rc-service k3s-agent restart'])
  })

  test('who holds a port is named, and how to look', () => {
    const [problem] = found('machine-port-taken', listening([tcp(6443, 'nginx')]))
    expect(problem?.what).toBe('nginx listens on TCP 6443 of pi-1, which the API server needs')
    expect(problem?.fix).toContain("ss -tlnp 'sport = :6443'")
  })
})
