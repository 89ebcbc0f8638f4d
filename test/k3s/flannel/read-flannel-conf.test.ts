import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backendKeys, topLevelKeys } from '../../../src/k3s/flannel/flannel-conf-keys.ts'
import { readFlannelConf } from '../../../src/k3s/flannel/read-flannel-conf.ts'

const recording = (name: string) => readFileSync(new URL(`../../fixtures/k3s-v1.21.2/${name}`, import.meta.url), 'utf8')

function read(value: unknown) {
  const reading = readFlannelConf(typeof value === 'string' ? value : JSON.stringify(value))
  return reading.ok ? reading.value : reading.error.map(({ what }) => what)
}

const vxlan = { type: 'vxlan', vni: 1, port: 8472, gbp: false, learning: false, directRouting: false }

test('what K3s v1.21.2 generates is read with every default', () => {
  expect(read(recording('net-conf-vxlan.json'))).toEqual({
    network: '10.42.0.0/16',
    enableIPv4: true,
    enableIPv6: false,
    backend: vxlan,
    unusedKeys: [],
  })
  expect(read(recording('net-conf-host-gw.json'))).toMatchObject({ backend: { type: 'host-gw' } })
})

test('the widespread DirectRouting sample is refused for its missing comma, and read with it', () => {
  const sample = (comma: string) =>
    `{ "Network": "10.42.0.0/16", "EnableIPv6": false, "EnableIPv4": true, "IPv6Network": "::/0",\n  "Backend": { "Type": "vxlan"${comma}\n    "Directrouting": true } }`
  expect(read(sample(''))).toEqual(['is no JSON at line 3, column 5'])
  expect(read(sample(','))).toMatchObject({ backend: { ...vxlan, directRouting: true }, unusedKeys: [] })
})

const backends = [
  {
    name: 'every option of vxlan',
    backend: { Type: 'VXLAN', VNI: 4096, Port: 4789, MTU: 9000, GBP: true, Learning: true, DirectRouting: true },
    expected: { type: 'vxlan', vni: 4096, port: 4789, mtuBytes: 9000, gbp: true, learning: true, directRouting: true },
    because: 'flannel compares the type in lower case',
  },
  {
    name: 'vxlan with port 0',
    backend: { Type: 'vxlan', Port: 0 },
    expected: vxlan,
    because: 'the kernel then takes its own port',
  },
  {
    name: 'wireguard without options',
    backend: { Type: 'wireguard' },
    expected: {
      type: 'wireguard',
      listenPort: 51820,
      listenPortV6: 51821,
      mode: 'separate',
      persistentKeepaliveSeconds: 0,
    },
    because: 'only K3s writes 25 seconds',
  },
  {
    name: 'ipsec',
    backend: { Type: 'ipsec', PSK: 'ä'.repeat(48) },
    expected: { type: 'ipsec', udpEncap: false, pskBytes: 96 },
    because: 'Go counts bytes',
  },
  {
    name: 'a backend of flannel that K3s does not contain',
    backend: { Type: 'ipip' },
    expected: { type: 'unknown', name: 'ipip' },
    because: 'it is not compiled in',
  },
]

for (const { name, backend, expected, because } of backends) {
  test(`backend: ${name}`, () => {
    expect(read({ Network: '10.42.0.0/16', Backend: backend }), because).toMatchObject({ backend: expected })
  })
}

test('without Backend flannel wants udp', () => {
  expect(read({ Network: '10.42.0.0/16' })).toMatchObject({ backend: { type: 'unknown', name: 'udp' } })
})

test('host bits of networks are cleared, as Go does', () => {
  expect(read({ Network: '10.42.5.1/16', Backend: { Type: 'vxlan' } })).toMatchObject({ network: '10.42.0.0/16' })
})

test('keys that have no effect are told by their flannel name, and null is as if it were not written', () => {
  const conf = {
    Network: '10.42.0.0/16',
    SubnetLen: 25,
    Comment: 'x',
    EnableIPv4: null,
    Backend: { Type: 'host-gw', directrouting: true },
  }
  expect(read(conf)).toMatchObject({ enableIPv4: true, unusedKeys: ['SubnetLen', 'Comment', 'Backend.directrouting'] })
})

const refused = [
  { value: '', what: ['is no JSON at line 1, column 1'] },
  { value: '[]', what: ['holds no JSON object'] },
  { value: '{"Network": "10.42.0.0/16"} // mine', what: ['is no JSON at line 1, column 29'] },
  { value: { Network: 'fd00:42::/56', Backend: { Type: 'vxlan' } }, what: ['has no IPv4 range in Network'] },
  {
    value: { EnableIPv6: 'yes', Backend: { Type: 'vxlan', VNI: '1' } },
    what: ['has no true or false in EnableIPv6', 'has no whole number in Backend.VNI'],
  },
  { value: { Backend: 'vxlan' }, what: ['has no object in Backend'] },
]

for (const { value, what } of refused) {
  test(`refused: ${JSON.stringify(value)}`, () => expect(read(value)).toEqual(what))
}

test('a pre-shared key is in no problem, wherever the text breaks', () => {
  const text = '{"Backend": {"Type": "wireguard", "PSK": "SECRETSECRET" "Mode": "auto"}}'
  expect(JSON.stringify(read(text))).not.toContain('SECRET')
})

test('reading never throws and knows every key of the table in any capitals', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      readFlannelConf(text)
    }),
  )
  fc.assert(
    fc.property(fc.json(), (text) => {
      readFlannelConf(text)
    }),
  )
  for (const [type, keys] of Object.entries(backendKeys)) {
    for (const key of keys) {
      const written = { Backend: { Type: type, [key.name.toUpperCase()]: null } }
      const unused = key.unused === undefined ? [] : [`Backend.${key.name}`]
      expect(read(written)).toMatchObject({ unusedKeys: unused })
    }
  }
  expect(topLevelKeys.map(({ name }) => name)).toContain('Backend')
})
