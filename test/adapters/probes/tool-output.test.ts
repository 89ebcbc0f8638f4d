import { describe, expect, test } from 'vitest'
import {
  readDefaultGateway,
  readLinkUp,
  readNeighbourState,
  readRouteGet,
} from '../../../src/adapters/probes/ip-output.ts'
import { readSessions } from '../../../src/adapters/probes/socket-output.ts'

const route = (changes: object): object => ({ dst: 'default', gateway: '10.0.0.1', dev: 'eth0', flags: [], ...changes })

describe('the default gateway', () => {
  const cases: readonly (readonly [string, readonly object[], string | undefined])[] = [
    ['one', [route({})], '10.0.0.1 eth0'],
    ['the lowest metric', [route({ metric: 200 }), route({ metric: 100, gateway: '10.0.0.2' })], '10.0.0.2 eth0'],
    ['no metric is the lowest', [route({ metric: 100 }), route({ gateway: '10.0.0.2' })], '10.0.0.2 eth0'],
    [
      'not by a link without carrier',
      [route({ flags: ['linkdown'] }), route({ metric: 9, dev: 'eth1' })],
      '10.0.0.1 eth1',
    ],
    ['a route without a gateway is none', [route({ gateway: undefined })], undefined],
    [
      'the first of several next hops',
      [
        {
          dst: 'default',
          flags: [],
          nexthops: [
            { gateway: '10.0.0.3', dev: 'eth2' },
            { gateway: '10.0.0.4', dev: 'eth3' },
          ],
        },
      ],
      '10.0.0.3 eth2',
    ],
    [
      'an IPv6 router of an IPv4 route',
      [{ dst: 'default', via: { family: 'inet6', host: 'fe80::1' }, dev: 'eth0', flags: [] }],
      'fe80::1 eth0',
    ],
    ['none', [], undefined],
  ]
  for (const [name, routes, expected] of cases) {
    test(name, () => {
      const found = readDefaultGateway(JSON.stringify(routes))
      expect(found === undefined ? undefined : `${found.gateway} ${found.device}`).toBe(expected)
    })
  }

  test('text that is no JSON is no gateway', () => {
    expect(readDefaultGateway('Error: x')).toBeUndefined()
    expect(readDefaultGateway('')).toBeUndefined()
  })
})

test('the state of a neighbour is told, and its absence', () => {
  expect(readNeighbourState('[{"dst":"10.0.0.1","state":["REACHABLE"]}]')).toBe('REACHABLE')
  expect(readNeighbourState('[]')).toBeUndefined()
})

test('a way has to be a route by a device, and none that refuses', () => {
  expect(readRouteGet('[{"dst":"10.0.0.9","dev":"eth0","flags":[]}]')).toEqual({ device: 'eth0' })
  expect(readRouteGet('[{"type":"local","dst":"10.0.0.9","dev":"lo"}]')).toEqual({ device: 'lo' })
  expect(readRouteGet('[{"type":"unreachable","dst":"10.0.0.9","dev":"lo"}]')).toEqual({
    error: 'its route is unreachable',
  })
  expect(readRouteGet('[]')).toEqual({ error: 'there is no route' })
})

for (const [flags, operstate, expected] of [
  [['BROADCAST', 'UP', 'LOWER_UP'], 'UP', true],
  [['LOOPBACK', 'UP', 'LOWER_UP'], 'UNKNOWN', true],
  [['NO-CARRIER', 'UP'], 'DOWN', false],
  [['BROADCAST'], 'DOWN', false],
  [['UP'], 'DOWN', false],
] as const) {
  test(`a link with ${flags.join(',')} and ${operstate} is ${expected ? 'up' : 'down'}`, () => {
    expect(readLinkUp(JSON.stringify([{ flags, operstate }]))).toBe(expected)
  })
}

test('sessions are read with their port, their peer, and what they wait for', () => {
  // ss -HOtin of iproute2 6.1.
  const output = [
    '0 52 192.168.1.5:22 192.168.1.9:51000 cubic wscale:7,7 rto:3264 backoff:3 rtt:0.1/0.05 mss:1448 lastsnd:120 lastrcv:9000 lastack:9000 unacked:1 retrans:1/4',
    '0 0 [::ffff:192.168.1.5]:6443 [::ffff:192.168.1.8]:40000 cubic wscale:7,7 rto:204 lastsnd:1000 lastrcv:900',
    '0 0 [fd00::5]:22 [fd00::9]:51001 cubic lastsnd:5 lastrcv:4',
    'garbage',
    '',
  ].join('\n')
  expect(readSessions(output)).toEqual([
    { port: 22, peer: '192.168.1.9', backoff: 3, lastSentMs: 120, lastReceivedMs: 9000 },
    { port: 6443, peer: '192.168.1.8', backoff: 0, lastSentMs: 1000, lastReceivedMs: 900 },
    { port: 22, peer: 'fd00::9', backoff: 0, lastSentMs: 5, lastReceivedMs: 4 },
  ])
})
