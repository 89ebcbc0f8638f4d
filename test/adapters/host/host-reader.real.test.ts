import { mkdirSync, writeFileSync } from 'node:fs'
import { hostname, release } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { openHostReader } from '../../../src/adapters/host/host-reader.ts'
import { machinePlaces } from '../../../src/reconcile/machine-places.ts'
import { temporaryDirectory } from '../../lab/temporary-directory.ts'

const signal = new AbortController().signal
const manifests = '/var/lib/rancher/k3s/server/manifests'

async function machineWith(files: Readonly<Record<string, string>>) {
  const root = await temporaryDirectory()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return { root, reader: openHostReader({ root, findPlaces: machinePlaces }) }
}

test('the files that tell K3s its flags, and no others', async () => {
  const { reader } = await machineWith({
    '/etc/rancher/k3s/config.yaml': 'disable: traefik\n',
    '/etc/rancher/k3s/config.yaml.d/10-a.yaml': 'a: 1\n',
    '/etc/rancher/k3s/config.yaml.d/README': 'ours\n',
    '/etc/rancher/k3s/k3s.yaml': 'a kubeconfig\n',
    '/usr/lib/systemd/system/k3s.service': '[Service]\nExecStart=/usr/local/bin/k3s server\n',
    '/etc/systemd/system/k3s.service.d/10-proxy.conf': '[Service]\nEnvironmentFile=/etc/k3s/vars\n',
    '/etc/k3s/vars': 'K3S_NODE_NAME=pi-1\n',
    '/etc/systemd/system/k3s.service.env': 'K3S_TOKEN=secret\n',
    '/etc/hosts': '127.0.0.1 localhost\n',
  })
  expect([...(await reader.readConfigFiles(signal)).keys()].sort()).toEqual([
    '/etc/k3s/vars',
    '/etc/rancher/k3s/config.yaml',
    '/etc/rancher/k3s/config.yaml.d/10-a.yaml',
    '/etc/rancher/k3s/config.yaml.d/README',
    '/etc/systemd/system/k3s.service.d/10-proxy.conf',
    '/etc/systemd/system/k3s.service.env',
    '/usr/lib/systemd/system/k3s.service',
  ])
})

test('a configuration file that a file of variables chooses is read with its drop-ins', async () => {
  const { reader } = await machineWith({
    '/etc/init.d/k3s-agent': '#!/sbin/openrc-run\ncommand="/usr/local/bin/k3s"\ncommand_args="agent"\n',
    '/etc/systemd/system/k3s.service':
      '[Service]\nEnvironmentFile=/etc/k3s/vars\nExecStart=/usr/local/bin/k3s server\n',
    '/etc/k3s/vars': 'K3S_CONFIG_FILE=/srv/k3s.yaml\n',
    '/srv/k3s.yaml': 'cluster-init: true\n',
    '/srv/k3s.yaml.d/10-a.yaml': 'a: 1\n',
  })
  const paths = [...(await reader.readConfigFiles(signal)).keys()]
  expect(paths).toEqual(expect.arrayContaining(['/srv/k3s.yaml', '/srv/k3s.yaml.d/10-a.yaml', '/etc/init.d/k3s-agent']))
})

test('a disk has manifests, generated files and what flags name; it has no kernel and no process', async () => {
  const { reader } = await machineWith({
    '/etc/hostname': '# set by the installer\nPI-7\n',
    '/etc/rancher/k3s/config.yaml': 'flannel-conf: /etc/k3s/flannel.json\n',
    '/etc/k3s/flannel.json': '{}',
    [`${manifests}/coredns.yaml`]: 'kind: ConfigMap\n',
    [`${manifests}/deep/er/lan.yaml`]: 'kind: Service\n',
    [`${manifests}/traefik.yaml.skip`]: '',
    '/var/lib/rancher/k3s/agent/etc/flannel/net-conf.json': '{}',
    '/usr/local/bin/k3s': 'a binary',
    '/usr/sbin/ipset': 'a binary',
    '/etc/cni/net.d/10-calico.conflist': '{}',
  })
  const reading = await reader.read(signal)
  expect([...reading.files.keys()].filter((path) => path !== '/etc/hostname').sort()).toEqual([
    '/etc/cni/net.d/10-calico.conflist',
    '/etc/k3s/flannel.json',
    '/etc/rancher/k3s/config.yaml',
    '/var/lib/rancher/k3s/agent/etc/flannel/net-conf.json',
    `${manifests}/coredns.yaml`,
    `${manifests}/deep/er/lan.yaml`,
    `${manifests}/traefik.yaml.skip`,
  ])
  expect(reading).toMatchObject({ hostName: 'PI-7', commands: ['ipset'], unreadable: [] })
  expect(reading.installedBinary?.path).toBe('/usr/local/bin/k3s')
  for (const part of ['process', 'network', 'firewall', 'sysctls', 'kernelRelease', 'installedVersion'] as const) {
    expect(reading[part]).toBeUndefined()
  }
})

test('another data directory is followed', async () => {
  const { reader } = await machineWith({
    '/etc/rancher/k3s/config.yaml': 'data-dir: /srv/k3s/\n',
    '/srv/k3s/server/manifests/lan.yaml': 'kind: Service\n',
    [`${manifests}/old.yaml`]: 'kind: Service\n',
  })
  const { files } = await reader.read(signal)
  expect(files.has('/srv/k3s/server/manifests/lan.yaml')).toBe(true)
  expect(files.has(`${manifests}/old.yaml`)).toBe(false)
})

test('a machine without anything is read; no machine at all is refused', async () => {
  const { root, reader } = await machineWith({})
  expect(await reader.readConfigFiles(signal)).toEqual(new Map())
  expect(await reader.read(signal)).toMatchObject({ files: new Map(), unreadable: [], commands: [] })
  const nowhere = openHostReader({ root: join(root, 'nowhere'), findPlaces: machinePlaces })
  await expect(nowhere.readConfigFiles(signal)).rejects.toMatchObject({ detail: { code: 'ROOT_MISSING' } })
})

test('this very machine tells of its kernel', async () => {
  const reading = await openHostReader({ root: '/', findPlaces: machinePlaces }).read(signal)
  expect(reading).toMatchObject({ hostName: hostname(), kernelRelease: release() })
  expect(reading.sysctls).toHaveProperty(['net.ipv4.ip_local_port_range'])
  expect(reading.network?.listeners).toBeInstanceOf(Array)
  for (const { name, mtuBytes } of reading.network?.interfaces ?? []) {
    expect(name).not.toBe('')
    expect(mtuBytes).toBeGreaterThan(0)
  }
})

test('who asks to stop is heard', async () => {
  const { reader } = await machineWith({})
  await expect(reader.read(AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' })
})
