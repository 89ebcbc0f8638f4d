import { describe, expect, test } from 'vitest'
import {
  chainsOf,
  type FirewallSources,
  kubernetesRulesIn,
  parseIptablesVersion,
  readFirewall,
} from '../../../src/adapters/host/firewall.ts'
import { parseK3sVersionOutput } from '../../../src/adapters/host/installed.ts'
import { parseDefaultRoutes, parseInterfaces } from '../../../src/adapters/host/ip-output.ts'
import { parseSockets } from '../../../src/adapters/host/listeners.ts'

describe('ip -j', () => {
  test('interfaces with their kind, size and addresses', () => {
    const text = JSON.stringify([
      { ifname: 'lo', flags: ['LOOPBACK', 'UP'], mtu: 65536, addr_info: [{ local: '127.0.0.1', prefixlen: 8 }] },
      { ifname: 'flannel.1', flags: ['BROADCAST'], mtu: 1450, linkinfo: { info_kind: 'vxlan' }, addr_info: [{}] },
    ])
    expect(parseInterfaces(text)).toEqual([
      { name: 'lo', isUp: true, mtuBytes: 65536, addresses: ['127.0.0.1/8'] },
      { name: 'flannel.1', isUp: false, mtuBytes: 1450, type: 'vxlan', addresses: [] },
    ])
  })

  test('a text of another kind is no list of interfaces', () => {
    expect(parseInterfaces('1: lo: <LOOPBACK,UP>')).toBeUndefined()
    expect(parseInterfaces('{"ifname":"lo"}')).toBeUndefined()
    expect(parseInterfaces(undefined)).toBeUndefined()
  })

  test('default routes by their metric, each way of several on its own', () => {
    const text = JSON.stringify([
      { dst: 'default', gateway: '192.168.2.1', dev: 'wlan0', protocol: 'dhcp', metric: 600 },
      { dst: 'default', gateway: '192.168.1.1', dev: 'eth0', protocol: 'dhcp', metric: 100 },
      { dst: '10.0.0.0/8', dev: 'eth1' },
    ])
    expect(parseDefaultRoutes(text, 4)).toEqual([
      { family: 4, device: 'eth0', gateway: '192.168.1.1', protocol: 'dhcp' },
      { family: 4, device: 'wlan0', gateway: '192.168.2.1', protocol: 'dhcp' },
    ])
    const ways = JSON.stringify([
      { dst: 'default', protocol: 'ra', nexthops: [{ gateway: 'fe80::1', dev: 'eth0' }, { dev: 'ppp0' }] },
    ])
    expect(parseDefaultRoutes(ways, 6)).toEqual([
      { family: 6, device: 'eth0', gateway: 'fe80::1', protocol: 'ra' },
      { family: 6, device: 'ppp0', protocol: 'ra' },
    ])
    expect(parseDefaultRoutes('', 4)).toEqual([])
  })
})

// Fields and byte order of a little-endian machine, as in proc_pid_net(5).
describe('sockets of /proc/net', () => {
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'

  test('those that listen, with the address in the usual form', () => {
    const tcp = `${head}   0: 0100007F:192B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0\n   1: 0100007F:192B 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0\n`
    expect(parseSockets(tcp, 'tcp')).toEqual([{ protocol: 'tcp', address: '127.0.0.1', port: 6443, inode: 4711 }])
    const tcp6 = `${head}   0: 00000000000000000000000000000000:280A 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 5 1\n   1: B80D01200000000000000000010000AB:280A 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 6 1\n`
    expect(parseSockets(tcp6, 'tcp').map(({ address }) => address)).toEqual(['::', '2001:db8::ab00:1'])
  })

  test('a tunnel of the kernel has a socket without an inode', () => {
    const udp = `${head}  12: 00000000:2118 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 0 2 0\n`
    expect(parseSockets(udp, 'udp')).toEqual([{ protocol: 'udp', address: '0.0.0.0', port: 8472, inode: 0 }])
  })
})

describe('the packet filter', () => {
  const saved = `*mangle
:KUBE-IPTABLES-HINT - [0:0]
COMMIT
*filter
:INPUT ACCEPT [0:0]
:KUBE-ROUTER-INPUT - [0:0]
-A INPUT -j KUBE-ROUTER-INPUT
-A INPUT -p tcp --dport 22 -j ACCEPT
COMMIT
*nat
:INPUT ACCEPT [0:0]
-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
COMMIT
`

  test('versions tell the backend, and before 1.8 there was one', () => {
    expect(parseIptablesVersion('iptables v1.8.9 (nf_tables)\n')).toEqual({ iptablesVersion: '1.8.9', backend: 'nft' })
    expect(parseIptablesVersion('iptables v1.8.4 (legacy)\n')).toEqual({ iptablesVersion: '1.8.4', backend: 'legacy' })
    expect(parseIptablesVersion('iptables v1.6.1\n')).toEqual({ iptablesVersion: '1.6.1', backend: 'legacy' })
    expect(parseIptablesVersion('sh: not found')).toBeUndefined()
  })

  test('rules of Kubernetes and chains of two tables are counted', () => {
    expect(kubernetesRulesIn(saved)).toBe(2)
    expect(chainsOf(saved)).toEqual(['INPUT', 'KUBE-ROUTER-INPUT'])
  })

  function sources(answers: Readonly<Record<string, string>>, rest: Partial<FirewallSources> = {}) {
    const asked: string[] = []
    const run: FirewallSources['run'] = async (name) => {
      asked.push(name)
      return answers[name]
    }
    return { asked, sources: { run, programs: new Set<string>(), ufwConf: undefined, legacyTables: '', ...rest } }
  }
  const signal = new AbortController().signal

  test('the legacy backend is asked only where it has tables: asking loads its modules', async () => {
    const answers = { 'iptables-save': saved, 'iptables-nft-save': saved, 'iptables-legacy-save': saved }
    const without = sources(answers)
    expect((await readFirewall(without.sources, signal))?.kubernetesRules).toEqual({ nft: 2, legacy: 0 })
    expect(without.asked).not.toContain('iptables-legacy-save')
    const { sources: both } = sources(answers, { legacyTables: 'filter\n' })
    expect((await readFirewall(both, signal))?.kubernetesRules).toEqual({ nft: 2, legacy: 2 })
  })

  test('other firewalls are known by their process or their switch', async () => {
    const { sources: own } = sources({}, { programs: new Set(['firewalld']), ufwConf: '# ufw\nENABLED=yes\n' })
    expect(await readFirewall(own, signal)).toEqual({ managers: ['firewalld', 'ufw'] })
    const { sources: off } = sources({}, { ufwConf: 'ENABLED=no\n' })
    expect(await readFirewall(off, signal)).toBeUndefined()
  })
})

test('the release is the second word of what k3s --version says', () => {
  expect(parseK3sVersionOutput('k3s version v1.33.4+k3s1 (148243c4)\ngo version go1.24.5\n')).toBe('v1.33.4+k3s1')
  expect(parseK3sVersionOutput('command not found')).toBeUndefined()
})
