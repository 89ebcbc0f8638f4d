import { expect, test } from 'vitest'
import {
  parseLinks,
  parseNftTables,
  parseRoutes,
  parseRules,
  parseSetHeaders,
} from '../../../src/adapters/leftovers/read-kernel.ts'
import { recording } from '../../plan/cleanups/sample-leftovers.ts'

test('links of a recorded server have their kinds', () => {
  expect(parseLinks(recording('host-gw-after-vxlan/srv1/ip-addr.json'))).toEqual([
    { name: 'lo' },
    { name: 'eth0', kind: 'veth' },
    { name: 'flannel.1', kind: 'vxlan' },
  ])
})

test('routes have numbers for what they are, and a length also for one address', () => {
  const text = `[{"type":"1","dst":"10.42.1.0/24","gateway":"10.42.1.0","dev":"flannel.1","table":"254","protocol":"3","scope":"0","flags":["onlink"]},
    {"type":"2","dst":"10.42.0.0","dev":"flannel.1","table":"255","protocol":"2","scope":"254","flags":[]},
    {"type":"1","dst":"default","table":"254","protocol":"3","flags":[],"nexthops":[{"gateway":"10.0.0.1"},{"gateway":"10.0.0.2"}]}]`
  expect(parseRoutes(text, 'v4')).toEqual([
    {
      family: 'v4',
      to: '10.42.1.0/24',
      device: 'flannel.1',
      via: '10.42.1.0',
      protocol: 3,
      table: 254,
      type: 'unicast',
      onlink: true,
    },
    { family: 'v4', to: '10.42.0.0/32', device: 'flannel.1', protocol: 2, table: 255, type: 'local' },
    { family: 'v4', to: '0.0.0.0/0', protocol: 3, table: 254, type: 'multipath' },
  ])
})

test('of routing rules those for everybody and those by mark are known', () => {
  const text = `[{"priority":100,"src":"all","table":"255","protocol":"0"},
    {"priority":9,"src":"all","fwmark":"0x200","fwmask":"0xf00","table":"2004"},
    {"priority":200,"src":"10.0.0.0","srclen":8,"table":"7"}]`
  expect(parseRules(text, 'v6')).toEqual([
    { family: 'v6', priority: 100, table: 255 },
    { family: 'v6', priority: 9, table: 2004, fwmark: { value: 0x200, mask: 0xf00 } },
  ])
})

test('sets and native tables have names', () => {
  expect(
    parseSetHeaders('Name: KUBE-SRC-A\nType: hash:ip\nRevision: 6\nHeader: family inet\n\nName: b\nType: hash:net\n'),
  ).toEqual([
    { name: 'KUBE-SRC-A', type: 'hash:ip' },
    { name: 'b', type: 'hash:net' },
  ])
  expect(parseNftTables('table ip filter\ntable inet kube-router-filter-ipv4\n')).toEqual([
    { family: 'ip', name: 'filter' },
    { family: 'inet', name: 'kube-router-filter-ipv4' },
  ])
})

test('no text, and text that is none of ours, is nothing', () => {
  for (const text of ['', '[]', 'Usage: ip …']) expect(parseRoutes(text, 'v4')).toEqual([])
})
