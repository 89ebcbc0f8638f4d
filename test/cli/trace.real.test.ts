import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openNodeState } from '../../src/adapters/disk/node-state.ts'
import type { CommandCall } from '../../src/cli/command.ts'
import { traceCommand } from '../../src/cli/trace.ts'
import type { NodeProgram } from '../../src/domain/program.ts'
import { typicalProgram } from '../lab/filter-programs.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'
import { network, writeTree } from './sample-repository.ts'

const recording = new URL('../fixtures/k3s-v1.21.2/iptables-save.txt', import.meta.url).pathname
const addresses = 'eth0=172.30.0.2/24,cni0=10.42.0.1/24'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fairlead-trace-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

async function trace(options: CommandCall['options'], flags = {}) {
  const terminal = fakeTerminal(root)
  const code = await traceCommand(
    callOf(terminal, {
      flags: { root, ...flags },
      options: { from: '192.168.7.9', to: '172.30.0.2', tables: recording, addresses, ...options },
    }),
  )
  return { code, out: terminal.out.text, err: terminal.err.text }
}

/** The program of the lab as the one in force below the root. */
async function inForce(): Promise<void> {
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const program: NodeProgram = {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeProgram',
    cluster: 'home',
    node: 'pi-1',
    role: 'server',
    k3sVersion: 'v1.33.4+k3s1',
    files: [],
    packaged: { disabled: [], clusterDNS: [], clusterDomain: 'cluster.local' },
    drift: { packagedFiles: 'Restore', drops: 'Allow' },
    network: {
      plane: 'iptables',
      filter: typicalProgram(),
      routes: [],
      routingRules: [],
      sysctls: [],
      cleanups: [],
      probes: [],
      failsafe: { flows: [] },
      confirmTimeoutMs: 60_000,
    },
    digest: 'd'.repeat(64),
  }
  const state = openNodeState({ stateDirectory: join(root, 'var/lib/fairlead'), log })
  await state.writeLastGood({ program, revision: { name: 'main@1', commit: '', author: '', subject: '' } })
}

describe('without a program of ours', () => {
  test('shows what others decide, with the rule as they loaded it', async () => {
    const { code, out } = await trace({ port: '30081' })
    expect(code).toBe(0)
    expect(out).toContain('rejected by filter KUBE-EXTERNAL-SERVICES\n')
    expect(out).toContain('no program is in force here')
  })

  test('tells where a Service leads', async () => {
    const { out } = await trace({ from: '10.42.0.7', to: '10.43.0.1', port: '443' })
    expect(out).toContain('tcp 10.42.0.7:40000 → 10.43.0.1:443, new, in by cni0\n')
    expect(out).toContain('\ndelivered, to 172.30.0.2:6443\n')
  })
})

describe('with the program in force', () => {
  beforeEach(inForce)

  test('names the document and the field that asked for the rule that decides', async () => {
    const { out } = await trace({ port: '9999' })
    expect(out).toContain('dropped by filter FAIRLEAD-INPUT\n')
    expect(out).toContain('asked for by  clusters/test/nodes/n1.yaml spec.firewall.test[2] (fairlead-input-2)\n')
  })

  test('says the same for programs, versioned', async () => {
    const { out } = await trace({ port: '30080', output: 'json' })
    expect(JSON.parse(out)).toMatchObject({
      apiVersion: 'fairlead.dev/v1alpha1',
      kind: 'Trace',
      verdict: 'dropped',
      by: {
        hook: 'PREROUTING',
        table: 'mangle',
        origin: { file: 'clusters/test/nodes/n1.yaml', path: 'spec.firewall.test[0]' },
      },
      packet: { inInterface: 'eth0', sourcePort: 40_000, state: 'NEW' },
    })
  })

  test('an established connection, and one by udp, go other ways', async () => {
    expect((await trace({ port: '9999', state: 'established' })).out).toContain('\ndelivered\n')
    expect((await trace({ port: '9998', protocol: 'udp' })).out).toContain('dropped by filter FAIRLEAD-INPUT')
  })
})

describe('the working directory is a checkout when somebody says so', () => {
  beforeEach(async () => {
    await inForce()
    writeTree(root, { 'clusters/home/network.yaml': network })
  })

  test.each([
    ['--repo .', { repo: '.' }],
    ['--cluster home', { cluster: 'home' }],
  ])('%s compiles it', async (_, named) => {
    const { code, out } = await trace({ port: '22', ...named }, named)
    expect([code, out]).toEqual([0, expect.stringContaining(`: ${root}`)])
    expect(out).not.toContain('in force')
  })

  test('without either the program in force counts', async () => {
    expect((await trace({ port: '22' })).out).toContain('in force: main@1')
  })
})

describe('what cannot be traced is bad usage', () => {
  const cases: readonly [string, CommandCall['options'], string][] = [
    ['no port', {}, 'a packet of tcp needs --port'],
    ['no address', { to: 'edge.lan', port: '22' }, '--to "edge.lan" is no address'],
    ['two families', { to: 'fd00::1', port: '22' }, '--from and --to have to be of one family'],
    ['a port that is none', { port: '70000' }, '--port "70000" is no number up to 65535'],
    ['ports of icmp', { protocol: 'icmp', port: '1' }, 'icmp has no ports'],
    ['a state that is none', { port: '22', state: 'open' }, '--state is one of new, established'],
    ['a protocol that is none', { protocol: 'ipx' }, '--protocol "ipx" is none'],
    ['tables without addresses', { port: '22', addresses: undefined }, '--tables needs --addresses'],
    ['addresses that are none', { port: '22', addresses: 'eth0' }, '--addresses "eth0" does not read like'],
  ]
  for (const [name, options, expected] of cases) {
    test(name, async () => {
      const { code, out, err } = await trace(options)
      expect([code, out]).toEqual([64, ''])
      expect(err).toContain(expected)
    })
  }

  test('a file that is not there is told by its name', async () => {
    await expect(trace({ port: '22', tables: 'none.txt' })).rejects.toMatchObject({ detail: { code: 'FILE_REFUSED' } })
  })
})

test('a file without tables is refused: it would let everything through', async () => {
  writeFileSync(join(root, 'odd.txt'), 'hello\n')
  await expect(trace({ port: '22', tables: 'odd.txt' })).rejects.toMatchObject({ detail: { code: 'NO_TABLES' } })
})
