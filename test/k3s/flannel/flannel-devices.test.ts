import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { FlannelConf } from '../../../src/k3s/flannel/flannel-conf.ts'
import { flannelInterfaces, flannelPorts, podMtuBytes } from '../../../src/k3s/flannel/flannel-devices.ts'
import { generatedFlannelConf, generatedNetConf } from '../../../src/k3s/flannel/generated-flannel-conf.ts'
import { readFlannelConf } from '../../../src/k3s/flannel/read-flannel-conf.ts'
import { parseK3sVersion } from '../../../src/k3s/version/k3s-version.ts'

const ipv4 = ['10.42.0.0/16']
const dual = ['10.42.0.0/16', 'fd00:42::/56']
const ipv6 = ['fd00:42::/56']

function conf(backend: string, ranges: readonly string[]): FlannelConf {
  const generated = generatedFlannelConf(backend, ranges)
  if (generated === undefined) throw new Error(`nothing is generated for ${backend}`)
  return generated
}

const devices = [
  { backend: 'vxlan', ranges: ipv4, interfaces: ['flannel.1'], ports: ['udp 8472 any'], mtu: 1450 },
  { backend: 'vxlan', ranges: dual, interfaces: ['flannel.1', 'flannel-v6.1'], ports: ['udp 8472 any'], mtu: 1450 },
  { backend: 'vxlan', ranges: ipv6, interfaces: ['flannel-v6.1'], ports: ['udp 8472 any'], mtu: 1450 },
  { backend: 'host-gw', ranges: ipv4, interfaces: [], ports: [], mtu: 1500 },
  { backend: 'wireguard-native', ranges: ipv4, interfaces: ['flannel-wg'], ports: ['udp 51820 4'], mtu: 1420 },
  {
    backend: 'wireguard-native',
    ranges: dual,
    interfaces: ['flannel-wg', 'flannel-wg-v6'],
    ports: ['udp 51820 4', 'udp 51821 6'],
    mtu: 1420,
  },
  { backend: 'wireguard-native', ranges: ipv6, interfaces: ['flannel-wg-v6'], ports: ['udp 51821 6'], mtu: 1420 },
  { backend: 'ipsec', ranges: ipv4, interfaces: [], ports: ['esp any', 'udp 500 any', 'udp 4500 any'], mtu: undefined },
]

for (const { backend, ranges, interfaces, ports, mtu } of devices) {
  test(`${backend} on ${ranges.join(' and ')}`, () => {
    const found = conf(backend, ranges)
    expect(flannelInterfaces(found)).toEqual(interfaces)
    const printed = flannelPorts(found).map((port) =>
      'port' in port ? `udp ${port.port} ${port.family}` : `esp ${port.family}`,
    )
    expect(printed).toEqual(ports)
    expect(podMtuBytes(found, 1500)).toBe(mtu)
  })
}

test('a custom file moves names, ports and the MTU', () => {
  const reading = readFlannelConf(
    '{"Network":"10.42.0.0/16","Backend":{"Type":"vxlan","VNI":7,"Port":4789,"MTU":9000}}',
  )
  if (!reading.ok) throw new Error('it is readable')
  expect(flannelInterfaces(reading.value)).toEqual(['flannel.7'])
  expect(flannelPorts(reading.value)).toEqual([{ protocol: 'udp', port: 4789, family: 'any' }])
  expect(podMtuBytes(reading.value, 1500)).toBe(8950)
})

test('WireGuard in mode auto has one tunnel for both families', () => {
  const reading = readFlannelConf(
    '{"Network":"10.42.0.0/16","IPv6Network":"fd00:42::/56","EnableIPv6":true,"Backend":{"Type":"wireguard","Mode":"auto"}}',
  )
  if (!reading.ok) throw new Error('it is readable')
  expect(flannelInterfaces(reading.value)).toEqual(['flannel-wg'])
  expect(flannelPorts(reading.value)).toEqual([{ protocol: 'udp', port: 51820, family: 'any' }])
})

const eras = [
  { version: 'v1.21.2+k3s1', keys: ['Network', 'Backend'] },
  { version: 'v1.22.2+k3s1', keys: ['Network', 'EnableIPv6', 'IPv6Network', 'Backend'] },
  { version: 'v1.33.4+k3s1', keys: ['Network', 'EnableIPv6', 'EnableIPv4', 'IPv6Network', 'Backend'] },
]

for (const { version, keys } of eras) {
  test(`net-conf.json of ${version} has the keys of its time, and reads back as the model says`, () => {
    const parsed = parseK3sVersion(version)
    if (parsed === undefined) throw new Error('a release')
    const generated = generatedNetConf('vxlan', ipv4, parsed)
    expect(Object.keys(generated ?? {})).toEqual(keys)
    const reading = readFlannelConf(JSON.stringify(generated))
    expect(reading).toMatchObject({
      ok: true,
      value: { network: '10.42.0.0/16', backend: conf('vxlan', ipv4).backend },
    })
  })
}

test('what v1.21.2 is said to generate is what it was recorded to generate', () => {
  const file = new URL('../../fixtures/k3s-v1.21.2/net-conf-vxlan.json', import.meta.url)
  const parsed = parseK3sVersion('v1.21.2+k3s1')
  if (parsed === undefined) throw new Error('a release')
  expect(generatedNetConf('vxlan', ipv4, parsed)).toEqual(JSON.parse(readFileSync(file, 'utf8')))
})

test('none and what no K3s knows generate nothing', () => {
  expect(generatedFlannelConf('none', ipv4)).toBeUndefined()
  expect(generatedFlannelConf('geneve', ipv4)).toBeUndefined()
  expect(generatedFlannelConf('constructor', ipv4)).toBeUndefined()
})
