import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { NetworkProgram } from '../../src/domain/network-program.ts'
import type { NodeProgram } from '../../src/domain/program.ts'
import { programDigest } from '../../src/schema/program/node-program.ts'
import { nodeProgram, type TestAgent } from '../lab/agent-in-namespace.ts'
import { agentMachine } from '../lab/agent-machine.ts'
import { networkOfDocuments } from '../lab/network-of-documents.ts'
import { type Namespace, whyNoNamespaces } from '../netns/namespace.ts'

const reason = await whyNoNamespaces(['ip', 'iptables', 'nft', 'unshare'])

const acceptOnly = `
  firewall:
    input:
      - { name: web, protocol: tcp, ports: [8080], action: Accept }
`
const denyWeb = `
  firewall:
    input:
      - { name: no-web, protocol: tcp, ports: [8080], action: Drop }
`
const fastConfirm = '  rollout: { confirmTimeout: 30s }\n'
const forwarding = {
  kind: 'sysctl',
  id: 'sysctl:net.ipv4.ip_forward',
  key: 'net.ipv4.ip_forward',
  path: ['net', 'ipv4', 'ip_forward'],
  value: '1',
  origin: 'spec.sysctls',
} as unknown as NetworkProgram['sysctls'][number]

const kernelReason = (status: ReturnType<TestAgent['status']>): string =>
  status?.conditions.find(({ type }) => type === 'KernelReady')?.reason ?? ''
const isReady = (wanted: string) => (status: ReturnType<TestAgent['status']>) => kernelReason(status) === wanted
const isProbing = (status: ReturnType<TestAgent['status']>): boolean => status?.network?.checkpoint?.phase === 'probing'

async function networkOf(nodeSpec: string): Promise<NetworkProgram> {
  const network = await networkOfDocuments(nodeSpec, fastConfirm)
  if (network === undefined) throw new Error('the documents say nothing of the kernel')
  return network
}

async function confirmed(agent: TestAgent, network: NetworkProgram): Promise<void> {
  agent.write(network)
  if (agent.pid() === 0) agent.start()
  await agent.statusUntil(isProbing)
  const { code, out } = await agent.verb('confirm')
  expect(code, out).toBe(0)
  await agent.statusUntil(isReady('Applied'))
}

function writeProgram(agent: TestAgent, program: Omit<NodeProgram, 'digest'>): void {
  const path = `${agent.stateDirectory}/program.json`
  writeFileSync(`${path}.new`, JSON.stringify({ ...program, digest: programDigest(program) }), { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

const drops = async (ns: Namespace): Promise<boolean> =>
  (await ns.run(['iptables-save'])).includes('--dport 8080') && (await ns.run(['iptables-save'])).includes('DROP')

describe.skipIf(reason !== undefined)(`changes on trial${reason === undefined ? '' : ` (${reason})`}`, () => {
  test('a program that was confirmed long ago is tried anew when it comes back, also after a kill before it is armed', async () => {
    const { ns, agent } = await agentMachine()
    const silent = { name: 'far', check: { kind: 'tcp', host: '192.168.1.77', port: 9 }, timeoutMs: 3_000 } as const
    const deny = { ...(await networkOf(denyWeb)), probes: [silent] }
    await confirmed(agent, deny)
    agent.write(await networkOf(acceptOnly))
    await expect.poll(() => drops(ns), { timeout: 10_000 }).toBe(false)
    await agent.statusUntil(isReady('Applied'))
    agent.write(deny)
    await sleep(1_500)
    await agent.stop('SIGKILL')
    expect(await drops(ns)).toBe(false)
    agent.start()
    await expect.poll(() => drops(ns), { timeout: 15_000, interval: 20 }).toBe(true)
    const folders = readdirSync(`${agent.stateDirectory}/checkpoint`)
    expect(folders).toContain('000002')
  })

  test('a setting that was taken back is not there for the next boot either', async () => {
    const { agent } = await agentMachine()
    agent.write({ ...(await networkOf(acceptOnly)), sysctls: [forwarding] })
    agent.start()
    await agent.statusUntil(isProbing)
    const file = `${agent.root}/etc/sysctl.d/99-fairlead.conf`
    expect(existsSync(file)).toBe(false)
    const { code, out } = await agent.verb('rollback')
    expect(code, out).toBe(0)
    await agent.statusUntil(isReady('RolledBack'))
    expect(existsSync(file)).toBe(false)
  })

  test('a program that cannot be judged does not keep the confirmed one from being held', async () => {
    const { ns, agent } = await agentMachine()
    const deny = await networkOf(denyWeb)
    await confirmed(agent, deny)
    const text = JSON.stringify({ ...deny, plane: 'nft' }, (_, value: unknown) => {
      const rule = value as { origin?: { name?: string }; match?: object } | null
      // Ports of no protocol: every part of it is well-formed, and nft has no words for it.
      return rule?.origin?.name === 'no-web' ? { ...rule, match: { ...rule.match, protocol: undefined } } : value
    })
    agent.write(JSON.parse(text) as NetworkProgram)
    await sleep(3_000)
    await ns.run(['iptables', '-t', 'mangle', '-F'])
    await ns.run(['iptables', '-F'])
    await expect.poll(() => drops(ns), { timeout: 5_000 }).toBe(true)
  })

  test('the program of another cluster does not keep the confirmed one from being held', async () => {
    const { ns, agent } = await agentMachine()
    const deny = await networkOf(denyWeb)
    await confirmed(agent, deny)
    const { digest: _digest, ...program } = nodeProgram(deny)
    writeProgram(agent, { ...program, cluster: 'elsewhere' })
    await sleep(2_000)
    await ns.run(['iptables', '-t', 'mangle', '-F'])
    await ns.run(['iptables', '-F'])
    await expect.poll(() => drops(ns), { timeout: 5_000 }).toBe(true)
  })

  test('a change whose checkpoint is gone is not confirmed by itself', async () => {
    const { agent } = await agentMachine()
    agent.write(await networkOf(denyWeb))
    agent.start()
    await agent.statusUntil(isProbing)
    rmSync(`${agent.stateDirectory}/checkpoint`, { recursive: true })
    await sleep(4_000)
    expect(kernelReason(agent.status())).not.toBe('Applied')
    expect(existsSync(`${agent.stateDirectory}/network.json`)).toBe(false)
  })

  test('a rollback that somebody asks for is not written over while it runs', async () => {
    const { ns, agent } = await agentMachine()
    agent.write(await networkOf(denyWeb))
    agent.start()
    await agent.statusUntil(isProbing)
    await sleep(500)
    const { spawn } = await import('node:child_process')
    const monitor = spawn('ip', ['netns', 'exec', ns.name, 'nft', 'monitor', 'rules'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let seen = ''
    monitor.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString('utf8')
    })
    await sleep(300)
    await agent.verb('rollback')
    await sleep(2_000)
    monitor.kill()
    expect(seen).not.toBe('')
    expect(seen.split('\n').filter((line) => /^add rule ip .*drop/.test(line))).toEqual([])
  })

  test('checkpoints that cannot be read do not keep the confirmed program from being held', async () => {
    const { ns, agent } = await agentMachine()
    await confirmed(agent, await networkOf(denyWeb))
    rmSync(`${agent.stateDirectory}/checkpoint`, { recursive: true })
    writeFileSync(`${agent.stateDirectory}/checkpoint`, 'no directory')
    await ns.run(['iptables', '-t', 'mangle', '-F'])
    await expect.poll(() => drops(ns), { timeout: 10_000 }).toBe(true)
  })

  test('a deny under the id of a rule that let traffic through is tried first', async () => {
    const { agent } = await agentMachine()
    const accept = await networkOf(acceptOnly)
    agent.write(accept)
    agent.start()
    await agent.statusUntil(isReady('Applied'))
    const text = JSON.stringify(accept, (_, value: unknown) => {
      const rule = value as { origin?: { name?: string } } | null
      return rule?.origin?.name === 'web' ? { ...rule, action: { kind: 'drop' } } : value
    })
    expect(text).toContain('"drop"')
    agent.write(JSON.parse(text) as NetworkProgram)
    await agent.statusUntil(isProbing)
  })

  test('a route stays until what takes its place was taken by the kernel', async () => {
    const { ns, agent } = await agentMachine()
    agent.write(await networkOf('  routes: [{ to: 10.60.0.0/16, via: 192.168.1.2, dev: eth0, metric: 100 }]\n'))
    agent.start()
    await agent.statusUntil(isReady('Applied'))
    agent.write(await networkOf('  routes: [{ to: 10.60.0.0/16, via: 172.31.0.1, dev: eth0, metric: 50 }]\n'))
    await agent.statusUntil(isReady('ROUTE_REJECTED'))
    expect(await ns.run(['ip', 'route', 'show', 'proto', '201'])).toContain('10.60.0.0/16 via 192.168.1.2')
  })

  test('what was being written when the agent was killed is taken back as well', async () => {
    const tools = mkdtempSync(join(tmpdir(), 'fairlead-slow-'))
    const marker = join(tools, 'writing')
    const slow = `#!/bin/sh
[ "$1" = --version ] && exec /usr/sbin/iptables-nft-restore "$@"
text=$(cat)
case $text in *DROP*) [ -n "$XTABLES_LOCKFILE" ] || { : >${marker}; sleep 1.5; } ;; esac
printf '%s\\n' "$text" | /usr/sbin/iptables-nft-restore "$@"
`
    writeFileSync(join(tools, 'iptables-nft-restore'), slow, { mode: 0o755 })
    const wrap = ['unshare', '-m', 'sh', '-c', `mount --bind ${tools} /usr/local/sbin && exec "$@"`, 'sh']
    const { ns, agent } = await agentMachine({ wrap })
    agent.write(await networkOf(denyWeb))
    agent.start()
    await expect.poll(() => existsSync(marker), { timeout: 20_000, interval: 10 }).toBe(true)
    await agent.stop('SIGKILL')
    await sleep(6_000)
    expect(existsSync(`${agent.stateDirectory}/checkpoint/000001/outcome`)).toBe(true)
    expect(await drops(ns)).toBe(false)
    agent.start()
    await sleep(3_000)
    expect(existsSync(`${agent.stateDirectory}/network.json`)).toBe(false)
    rmSync(tools, { recursive: true })
  })
})
