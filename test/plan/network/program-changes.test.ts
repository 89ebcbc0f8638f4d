import { describe, expect, test } from 'vitest'
import type { NetworkChange } from '../../../src/domain/network-change.ts'
import type { NetworkProgram } from '../../../src/domain/network-program.ts'
import { programChanges } from '../../../src/plan/network/program-changes.ts'
import { networkOfDocuments } from '../../lab/network-of-documents.ts'

async function program(spec: string): Promise<NetworkProgram | undefined> {
  return await networkOfDocuments(spec)
}

async function changes(
  before: string,
  after: string,
  peers: readonly string[] = [],
): Promise<readonly NetworkChange[]> {
  return programChanges(await program(before), await program(after), peers)
}

const firewall = (...rules: readonly string[]): string =>
  `  firewall:\n    input:\n${rules.map((rule) => `      - { ${rule} }\n`).join('')}`
const accept = 'name: web, protocol: tcp, ports: [8080], action: Accept'
const drop = 'name: no-db, protocol: tcp, ports: [5432], action: Drop'
const route = (via: string, to = '10.60.0.0/16'): string => `  routes: [{ to: ${to}, via: ${via}, dev: eth0 }]\n`

const risks = (all: readonly NetworkChange[]): readonly string[] => [
  ...new Set(all.flatMap(({ risk }) => (risk === undefined ? [] : [risk]))),
]

describe('what is applied at once, and what under a checkpoint', () => {
  test.each<{ name: string; before: string; after: string; peers?: readonly string[]; risk: string | undefined }>([
    { name: 'a rule that lets something in', before: '  routes: []\n', after: firewall(accept), risk: undefined },
    {
      name: 'a rule that stops something',
      before: '  routes: []\n',
      after: firewall(drop),
      risk: 'a new rule stops traffic: no-db',
    },
    {
      name: 'a setting that lets no packet get further than the next router',
      before: '  routes: []\n',
      after: '  sysctls: { net.ipv4.ip_default_ttl: "1" }\n',
      risk: 'the kernel treats packets and routes otherwise with it',
    },
    { name: 'a deny that goes away', before: firewall(drop), after: '  routes: []\n', risk: undefined },
    {
      name: 'an accept that stood before a deny and goes away',
      before: firewall(accept, drop),
      after: firewall(drop),
      risk: 'a rule that let traffic through before a deny goes away',
    },
    {
      name: 'rules that change places',
      before: firewall(accept, 'name: less, from: [10.9.0.0/16], action: Drop', drop),
      after: firewall('name: less, from: [10.9.0.0/16], action: Drop', accept, drop),
      risk: 'rules change places with a rule that stops traffic',
    },
    {
      name: 'an exemption from masquerade',
      before: '  routes: []\n',
      after: '  masqueradeExemptions: [{ name: lan, from: [10.42.0.0/16], to: [192.168.0.0/16] }]\n',
      risk: 'it changes how packets go: lan',
    },
    { name: 'a route to somewhere else', before: '  routes: []\n', after: route('192.168.1.2'), risk: undefined },
    {
      name: 'a route that decides about somebody who must be reached',
      before: '  routes: []\n',
      after: route('192.168.1.2'),
      peers: ['10.60.1.1'],
      risk: 'it decides about the way to 10.60.1.1',
    },
    {
      name: 'a default route',
      before: '  routes: []\n',
      after: route('192.168.1.2', '0.0.0.0/0'),
      risk: 'it is a default route',
    },
    {
      name: 'a setting that decides about packets',
      before: '  routes: []\n',
      after: '  sysctls: { net.ipv4.conf.eth0.rp_filter: "1" }\n',
      risk: 'the kernel treats packets and routes otherwise with it',
    },
    {
      name: 'any other setting',
      before: '  routes: []\n',
      after: '  sysctls: { net.core.somaxconn: "1024" }\n',
      risk: undefined,
    },
    {
      name: 'the other plane',
      before: firewall(accept),
      after: firewall(accept).replace('firewall:\n', 'firewall:\n    plane: nft\n'),
      risk: 'the same rules stand elsewhere in the path of packets',
    },
  ])('$name', async ({ before, after, peers, risk }) => {
    const found = await changes(before, after, peers)
    expect(found.length).toBeGreaterThan(0)
    expect(risks(found)).toEqual(risk === undefined ? [] : [risk])
  })

  test('an address that joins the list of a deny is a risk, though no rule changes', async () => {
    const many = (last: number): string =>
      firewall(
        `name: bad, from: [${Array.from({ length: last }, (_, index) => `10.${2 * index}.0.0/16`).join(', ')}], protocol: tcp, ports: [80], action: Drop`,
      )
    expect(risks(await changes(many(20), many(40)))).toEqual(['addresses of rules that decide about traffic change'])
  })
})

test('the same documents change nothing, however often they are compiled', async () => {
  expect(await changes(firewall(accept, drop), firewall(accept, drop))).toEqual([])
})

test('what is added comes before what goes', async () => {
  const found = await changes(
    `${firewall(accept)}${route('192.168.1.2')}`,
    `${firewall(accept, drop)}${route('192.168.1.3')}`,
  )
  expect(found.map(({ effect }) => effect)).toEqual(
    [...found.map(({ effect }) => effect)].sort(
      (a, b) => ['create', 'change', 'remove'].indexOf(a) - ['create', 'change', 'remove'].indexOf(b),
    ),
  )
  expect(found.map(({ id }) => id)).toContain('route:4:254:10.60.0.0/16:0')
})

test('a component that is turned off brings its cleanup, and a first program brings none', async () => {
  const on = await program('  routes: []\n')
  const off = await networkOfDocuments('  routes: []\n', '  components: { networkPolicy: { enabled: false } }\n')
  expect(programChanges(on, off).map(({ kind, origin }) => [kind, origin])).toEqual([
    ['cleanup', 'spec.components.networkPolicy.enabled'],
  ])
  expect(programChanges(undefined, off)).toEqual([])
})
