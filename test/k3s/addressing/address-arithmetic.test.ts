import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Cidr, formatAddress, parseAddress, parseCidr } from '../../../src/domain/cidr.ts'
import { isUniqueLocal, unfitKindOf } from '../../../src/k3s/addressing/address-kinds.ts'
import { lastAddressOf, rangeHolds, rangesOverlap } from '../../../src/k3s/addressing/cidr-relations.ts'
import { argumentOf, controllerManagerKeys } from '../../../src/k3s/addressing/component-arguments.ts'
import { globalAddressesOf, isPodInterface, isVirtualInterface } from '../../../src/k3s/addressing/host-interfaces.ts'
import { nodeMaskOf } from '../../../src/k3s/addressing/node-masks.ts'
import { holdsPort, parsePortRange } from '../../../src/k3s/addressing/port-range.ts'
import { settings } from '../../lab/lint-subject.ts'

function cidr(text: string): Cidr {
  const parsed = parseCidr(text)
  if (parsed === undefined) throw new Error(`${text} is no range`)
  return parsed
}

const anyCidr = fc
  .record({
    family: fc.constantFrom(4 as const, 6 as const),
    bits: fc.bigInt(0n, 2n ** 128n - 1n),
    prefix: fc.nat(128),
  })
  .map(({ family, bits, prefix }) => {
    const width = family === 4 ? 32 : 128
    return cidr(`${formatAddress({ family, value: bits % 2n ** BigInt(width) })}/${prefix % (width + 1)}`)
  })

describe('networks', () => {
  test('overlapping is mutual, and every network overlaps itself', () => {
    fc.assert(
      fc.property(anyCidr, anyCidr, (a, b) => {
        expect(rangesOverlap(a, b)).toBe(rangesOverlap(b, a))
        expect(rangesOverlap(a, a)).toBe(true)
      }),
    )
  })

  test('two networks overlap exactly when one holds the first address of the other', () => {
    fc.assert(
      fc.property(anyCidr, anyCidr, (a, b) => {
        const held = [a, b].some((one) => {
          const other = one === a ? b : a
          return rangeHolds(one, { family: other.family, value: other.network })
        })
        expect(rangesOverlap(a, b)).toBe(held)
      }),
    )
  })

  test('a network holds its last address and not the next one', () => {
    fc.assert(
      fc.property(anyCidr, (a) => {
        const last = lastAddressOf(a)
        expect(rangeHolds(a, { family: a.family, value: last })).toBe(true)
        if (a.prefixBits > 0) expect(rangeHolds(a, { family: a.family, value: last + 1n })).toBe(false)
      }),
    )
  })
})

describe('kinds of addresses', () => {
  const cases = [
    ['192.168.1.5', undefined],
    ['100.64.0.1', undefined],
    ['fd00::5', undefined],
    ['2001:db8::1', undefined],
    ['127.9.9.9', 'loopback'],
    ['::1', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['169.254.1.1', 'link-local'],
    ['febf::1', 'link-local'],
    ['fec0::1', undefined],
    ['239.1.1.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
  ] as const
  for (const [text, kind] of cases) {
    test(`${text}: ${kind ?? 'fit'}`, () => {
      const address = parseAddress(text)
      expect(address).toBeDefined()
      if (address !== undefined) expect(unfitKindOf(address)).toBe(kind)
    })
  }

  test('unique local networks', () => {
    expect(['fd00:42::/56', 'fc00::/7', 'fdff::/16'].map((text) => isUniqueLocal(cidr(text)))).toEqual([
      true,
      true,
      true,
    ])
    expect(['2001:db8::/56', 'fe00::/8', 'fc00::/6', '10.0.0.0/8'].map((text) => isUniqueLocal(cidr(text)))).toEqual([
      false,
      false,
      false,
      false,
    ])
  })
})

describe('ranges of ports', () => {
  const cases = [
    ['30000-32767', { first: 30_000, last: 32_767 }],
    ['30000+2767', { first: 30_000, last: 32_767 }],
    ['65000+9999', { first: 65_000, last: 65_535 }],
    ['80', { first: 80, last: 80 }],
    [' 1-2 ', { first: 1, last: 2 }],
    ['2-1', undefined],
    ['1-65536', undefined],
    ['1-', undefined],
    ['', undefined],
    ['a-b', undefined],
  ] as const
  for (const [text, expected] of cases) {
    test(JSON.stringify(text), () => expect(parsePortRange(text)).toEqual(expected))
  }

  test('both ends belong to a range', () => {
    expect([29_999, 30_000, 32_767, 32_768].map((port) => holdsPort({ first: 30_000, last: 32_767 }, port))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })
})

describe('arguments of components', () => {
  test('the last one counts, whatever list it is in', () => {
    const values = settings({
      'kube-controller-arg': ['node-cidr-mask-size=25'],
      'kube-controller-manager-arg': ['--node-cidr-mask-size=26', 'other=1', 'node-cidr-mask-size-ipv4=27'],
    })
    expect(argumentOf(values, controllerManagerKeys, 'node-cidr-mask-size')?.text).toBe('26')
    expect(argumentOf(values, controllerManagerKeys, 'absent')).toBeUndefined()
  })

  test('a value may hold an equals sign, and an item may have none', () => {
    const values = settings({ 'kubelet-arg': ['node-labels=a=1,b=2', 'bare'] })
    expect(argumentOf(values, ['kubelet-arg'], 'node-labels')?.text).toBe('a=1,b=2')
    expect(argumentOf(values, ['kubelet-arg'], 'bare')?.text).toBe('')
  })

  test('node ranges: the argument of the family, that for both, the default', () => {
    const of = (...items: readonly string[]): readonly number[] => {
      const values = settings({ 'kube-controller-manager-arg': items })
      return [nodeMaskOf(values, 4).prefixBits, nodeMaskOf(values, 6).prefixBits]
    }
    expect(of()).toEqual([24, 64])
    expect(of('node-cidr-mask-size=25')).toEqual([25, 25])
    expect(of('node-cidr-mask-size-ipv4=26', 'node-cidr-mask-size-ipv6=72')).toEqual([26, 72])
    expect(of('node-cidr-mask-size=0')).toEqual([24, 64])
    expect(of('node-cidr-mask-size=64')).toEqual([Number.NaN, 64])
    expect(of('node-cidr-mask-size=x')).toEqual([Number.NaN, Number.NaN])
  })
})

describe('interfaces', () => {
  const found = (name: string, type?: string) => ({
    name,
    isUp: true,
    mtuBytes: 1500,
    addresses: [],
    ...(type === undefined ? {} : { type }),
  })

  test('those of pods', () => {
    const names = [
      'lo',
      'cni0',
      'flannel.1',
      'flannel-v6.1',
      'flannel-wg',
      'kube-ipvs0',
      'veth1a2b',
      'cali12',
      'vxlan.calico',
      'cilium_host',
    ]
    expect(names.filter((name) => !isPodInterface(found(name)))).toEqual([])
    expect(
      ['eth0', 'enp3s0', 'wlan0', 'docker0', 'br0', 'tailscale0'].filter((name) => isPodInterface(found(name))),
    ).toEqual([])
  })

  test('those that lead to no network around the machine', () => {
    expect(
      ['docker0', 'br-0123456789ab', 'tailscale0', 'wg0', 'virbr0'].filter((name) => !isVirtualInterface(found(name))),
    ).toEqual([])
    expect(['eth0', 'enp3s0', 'br0', 'bond0', 'vmbr0'].filter((name) => isVirtualInterface(found(name)))).toEqual([])
    expect(isVirtualInterface(found('mesh', 'wireguard'))).toBe(true)
  })

  test('global addresses come without their prefix, and link-local ones do not come', () => {
    const addresses = ['192.168.1.5/24', 'fe80::1/64', '127.0.0.1/8', 'fd00::5/64', 'nonsense']
    expect(globalAddressesOf({ ...found('eth0'), addresses }).map(({ text }) => text)).toEqual([
      '192.168.1.5',
      'fd00::5',
    ])
  })
})
