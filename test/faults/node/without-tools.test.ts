import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openCommands } from '../../../src/adapters/command/node-command.ts'
import type { StatusSnapshot } from '../../../src/domain/status.ts'
import { newTestAgent, type TestAgent } from '../../lab/agent-in-namespace.ts'
import { networkOfDocuments } from '../../lab/network-of-documents.ts'
import { type Namespace, newNamespace, whyNoNamespaces } from '../../netns/namespace.ts'

const reason = await whyNoNamespaces(['ip', 'iptables-nft', 'nft', 'unshare', 'mount', 'setpriv'])
const nobody = 65_534
const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] as const
const isReadable = reason === undefined && (await readsOurs())

const open: { agents: TestAgent[]; namespaces: Namespace[]; directories: string[] } = {
  agents: [],
  namespaces: [],
  directories: [],
}
afterEach(async () => {
  for (const agent of open.agents.splice(0)) await agent.close()
  for (const namespace of open.namespaces.splice(0)) await namespace.down()
  for (const directory of open.directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

const documents = `  firewall:
    input: [{ name: web, protocol: tcp, ports: [8080], action: Accept }]
  routes: [{ to: 10.60.0.0/16, via: 192.168.1.2, dev: eth0 }]
`

async function machine(): Promise<{ ns: Namespace; root: string }> {
  const ns = await newNamespace('tools')
  open.namespaces.push(ns)
  await ns.run(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'peer0'])
  await ns.run(['ip', 'addr', 'add', '192.168.1.5/24', 'dev', 'eth0'])
  for (const link of ['eth0', 'peer0']) await ns.run(['ip', 'link', 'set', link, 'up'])
  const root = mkdtempSync(join(tmpdir(), 'fairlead-tools-'))
  open.directories.push(root)
  return { ns, root }
}

function agentOf(ns: Namespace, root: string, wrap: readonly string[]): TestAgent {
  const agent = newTestAgent(ns.name, { root, wrap, interval: '1s' })
  open.agents.push(agent)
  return agent
}

/** What stands in front of a program so that it finds `stand` in place of these files. */
function instead(files: readonly string[], stand: string): readonly string[] {
  const mounts = files.map((file) => `mount --bind ${stand} "$(readlink -f ${file})"`)
  return ['/bin/sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh']
}

/** An executable as `directory/foreign`: a program of another architecture, as far as a kernel looks. */
function foreignProgram(directory: string): string {
  const header = Buffer.alloc(64)
  header.write('\x7fELF\x02\x01\x01', 'latin1')
  header.writeUInt16LE(2, 16)
  // EM_S390: no machine that K3s runs on under this test executes it.
  header.writeUInt16LE(22, 18)
  header.writeUInt32LE(1, 20)
  const file = join(directory, 'foreign')
  writeFileSync(file, header)
  chmodSync(file, 0o755)
  return file
}

function refusingProgram(directory: string): string {
  const file = join(directory, 'refusing')
  writeFileSync(file, '#!/bin/sh\nexit 126\n')
  chmodSync(file, 0o755)
  return file
}

const iptablesFiles = ['/usr/sbin/iptables-nft', '/usr/sbin/iptables-legacy']

const kernelReady = (status: StatusSnapshot) => status.conditions.find(({ type }) => type === 'KernelReady')
/** Looked at, and not as it should be. */
const isRefused = (status: StatusSnapshot): boolean =>
  kernelReady(status)?.status === 'False' && kernelReady(status)?.reason !== 'Progressing'

describe.skipIf(reason !== undefined)(
  `a machine that lacks something${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    test.for([
      { lacks: 'iptables', stand: () => '/dev/null', says: /is not installed \(install iptables/ },
      {
        lacks: 'an iptables of its own architecture',
        stand: foreignProgram,
        says: /iptables-nft-restore does not run here .*architecture/,
      },
      {
        lacks: 'an iptables that can be executed',
        stand: refusingProgram,
        says: /iptables-nft-restore does not run here/,
      },
    ])('$lacks: says so, and goes on with files', async ({ stand, says }) => {
      const { ns, root } = await machine()
      const agent = agentOf(ns, root, instead(iptablesFiles, stand(root)))
      await agent.adopt()
      agent.write(await networkOfDocuments(documents))
      agent.start()
      const status = await agent.statusUntil(isRefused)
      expect(kernelReady(status)).toMatchObject({
        reason: 'FILTER_UNSUPPORTED',
        message: expect.stringMatching(says),
      })
      await expect.poll(() => existsSync(join(root, 'var/lib/rancher/k3s/server/manifests'))).toBe(true)
      expect(readdirSync(join(root, 'var/lib/rancher/k3s/server/manifests'))).toContain('coredns.yaml')
      expect(agent.log()).not.toMatch(/"level":"error".*stack/)
    })

    test('iptables gone after a restart: routes are held all the same', async () => {
      const { ns, root } = await machine()
      const first = agentOf(ns, root, [])
      await first.adopt()
      first.write(await networkOfDocuments(documents))
      first.start()
      await first.statusUntil((one) => kernelReady(one)?.status === 'True')
      await first.stop()
      const agent = agentOf(ns, root, instead(iptablesFiles, '/dev/null'))
      agent.start()
      await agent.statusUntil((one) => kernelReady(one)?.reason === 'FILTER_UNSUPPORTED')
      await ns.run(['ip', 'route', 'del', '10.60.0.0/16'])
      const routes = (): Promise<string> => ns.run(['ip', 'route', 'show', 'proto', '201'])
      await expect.poll(routes, { timeout: 5_000 }).toContain('10.60.0.0/16')
      expect(await ns.run(['iptables-save'])).toContain('-j FAIRLEAD-INPUT')
    })

    test('ip gone: nothing is begun that could not be judged, and it says so', async () => {
      const { ns, root } = await machine()
      const agent = agentOf(ns, root, instead(['/usr/sbin/ip'], '/dev/null'))
      await agent.adopt()
      agent.write(await networkOfDocuments(documents))
      agent.start()
      const wanted = { type: 'Ready', status: 'False', reason: 'ROUTES_UNSUPPORTED' }
      const status = await agent.statusUntil(({ conditions }) =>
        conditions.some(({ type, reason: why }) => type === wanted.type && why === wanted.reason),
      )
      expect(status.conditions).toContainEqual(
        expect.objectContaining({ ...wanted, message: expect.stringMatching(/install iproute2/) }),
      )
      expect(await ns.run(['iptables-save'])).not.toContain('FAIRLEAD')
    })

    test.skipIf(!isReadable)('no root: the state of somebody else is refused in a sentence', async () => {
      const { ns, root } = await machine()
      const agent = agentOf(ns, root, asNobody)
      await agent.adopt()
      const ended = await agent.verb('agent', '--node', 'n1', '--kernel', 'on', '--listen', 'off')
      expect(ended.code).not.toBe(0)
      expect(ended.out).toMatch(/root/)
      expect(ended.out).not.toMatch(/\n\s+at /)
    })

    test.skipIf(!isReadable)('no root, with a state of its own: the kernel refuses, and files go on', async () => {
      const { ns, root } = await machine()
      const agent = agentOf(ns, root, asNobody)
      await agent.adopt()
      agent.write(await networkOfDocuments(documents))
      giveAway(root)
      agent.start()
      const status = await agent.statusUntil(isRefused)
      expect(kernelReady(status)?.message).toMatch(/root|CAP_NET_ADMIN|permission/i)
      await expect
        .poll(() => existsSync(join(root, 'var/lib/rancher/k3s/server/manifests/coredns.yaml')), { timeout: 5_000 })
        .toBe(true)
      expect(await ns.run(['iptables-save'])).not.toContain('FAIRLEAD')
    })
  },
)

/** Who is not root may not get to where these files are. */
async function readsOurs(): Promise<boolean> {
  const main = resolve(import.meta.dirname, '../../../src/main.ts')
  const test = `test -r ${main} && test -x ${process.execPath}`
  return (await openCommands().run(['/usr/bin/env', ...asNobody, '/bin/sh', '-c', test])).code === 0
}

/** A folder with everything in it, to somebody who is not root. */
function giveAway(directory: string): void {
  mkdirSync(directory, { recursive: true })
  chownSync(directory, nobody, nobody)
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    chownSync(join(directory, entry), nobody, nobody)
  }
}
