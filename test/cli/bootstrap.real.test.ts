import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bootstrapCommand } from '../../src/cli/bootstrap.ts'
import type { CommandCall } from '../../src/cli/command.ts'
import { planCommand } from '../../src/cli/plan.ts'
import { callOf, fakeTerminal } from './fake-terminal.ts'
import { flags, manifests, network, sampleWorld, writeTree } from './sample-repository.ts'

const inventory = `${network}  nodes:
    - { name: pi-1, role: server, addresses: [192.168.1.11] }
    - { name: pi-2, role: agent, addresses: [192.168.1.12] }
  addressing: { clusterCIDR: [10.50.0.0/16] }
  cni: { flannel: { directRouting: true } }
`
const flannelConf = '/etc/rancher/k3s/fairlead/flannel.json'

let world = sampleWorld()
beforeEach(() => {
  world = sampleWorld({ 'clusters/home/network.yaml': inventory })
})
afterEach(() => rmSync(world.directory, { recursive: true, force: true }))

async function bootstrap(node: string, options: CommandCall['options'] = {}) {
  const terminal = fakeTerminal(world.directory)
  const call = callOf(terminal, { flags: { repo: 'repo', root: 'root' }, words: [node], options })
  const code = await bootstrapCommand(call)
  return { code, out: terminal.out.text, err: terminal.err.text }
}

const textOf = (path: string): string => readFileSync(join(world.root, path), 'utf8')

test('a server has its flags, the file they name and its manifests before K3s is installed', async () => {
  expect(await bootstrap('pi-1')).toMatchObject({ code: 0 })
  expect(textOf(flags)).toContain('cluster-cidr:\n  - "10.50.0.0/16"\n')
  expect(textOf(flags)).toContain('node-ip:\n  - "192.168.1.11"\n')
  expect(JSON.parse(textOf(flannelConf))).toMatchObject({ Network: '10.50.0.0/16', Backend: { DirectRouting: true } })
  expect(readdirSync(join(world.root, manifests))).toEqual(['fairlead-coredns-custom.yaml'])
})

test('an agent has no flag of servers and no manifest', async () => {
  expect(await bootstrap('pi-2')).toMatchObject({ code: 0 })
  expect(textOf(flags)).not.toContain('cluster-cidr')
  expect(textOf(flags)).toContain('node-ip:\n  - "192.168.1.12"\n')
  expect(existsSync(join(world.root, manifests))).toBe(false)
})

test('the machine is adopted, and there is nothing left to plan', async () => {
  await bootstrap('pi-1')
  const terminal = fakeTerminal(world.directory)
  const given = { repo: 'repo', root: 'root', node: 'pi-1' }
  const code = await planCommand(callOf(terminal, { flags: given, options: { 'detailed-exitcode': true } }))
  expect(terminal.out.text).toContain('Plan: no changes')
  expect(code).toBe(0)
})

test('an agent stays an agent: its role comes from the inventory', async () => {
  await bootstrap('pi-2')
  const terminal = fakeTerminal(world.directory)
  const given = { repo: 'repo', root: 'root', node: 'pi-2' }
  expect(await planCommand(callOf(terminal, { flags: given, options: {} }))).toBe(0)
  expect(terminal.out.text).toContain('Plan: no changes')
  const told = fakeTerminal(world.directory)
  expect(await planCommand(callOf(told, { flags: { ...given, role: 'server' }, options: {} }))).toBe(3)
  expect(told.err.text).toContain('REPO_ROLE_DIFFERS')
})

test('a machine that was prepared as another node, or is not there, is refused', async () => {
  await bootstrap('pi-1')
  await expect(bootstrap('pi-2')).rejects.toMatchObject({ detail: { code: 'OTHER_MACHINE' } })
  rmSync(world.root, { recursive: true })
  await expect(bootstrap('pi-1')).rejects.toMatchObject({ detail: { code: 'ROOT_MISSING' } })
  expect(existsSync(world.root)).toBe(false)
})

test('a second run writes nothing, and a dry run nothing at all', async () => {
  expect((await bootstrap('pi-1', { 'dry-run': true })).out).toContain(`would write  ${flags}`)
  expect(existsSync(join(world.root, '/etc'))).toBe(false)
  await bootstrap('pi-1')
  expect((await bootstrap('pi-1')).out).toBe('0 files written for server pi-1 of home\n')
})

test('a machine with a K3s is left alone', async () => {
  mkdirSync(join(world.root, '/var/lib/rancher/k3s/server/db'), { recursive: true })
  await expect(bootstrap('pi-1')).rejects.toMatchObject({ detail: { code: 'K3S_INSTALLED' } })
  expect(existsSync(join(world.root, flags))).toBe(false)
})

test('a node that the inventory does not have is refused with the names that it has', async () => {
  await expect(bootstrap('pi-11')).rejects.toMatchObject({
    message: 'there is no node "pi-11" in the inventory: spec.nodes has pi-1, pi-2',
    detail: { code: 'NODE_UNKNOWN', fix: 'did you mean pi-1?' },
  })
})

test('a repository with errors changes nothing', async () => {
  writeTree(world.repo, { 'clusters/home/network.yaml': inventory.replace('10.50.0.0/16', '10.43.0.0/16') })
  const refused = await bootstrap('pi-1')
  expect(refused.code).toBe(3)
  expect(refused.err).toContain('CIDR_OVERLAP')
  expect(existsSync(join(world.root, flags))).toBe(false)
})

test('what somebody wrote at our path is not overwritten', async () => {
  writeTree(world.root, { [flags]: 'flannel-backend: none\n' })
  const outcome = await bootstrap('pi-1')
  expect(outcome.code).toBe(3)
  expect(outcome.err).toContain(`${flags} exists and is not ours`)
  expect(textOf(flags)).toBe('flannel-backend: none\n')
})

test('a release without drop-ins is refused', async () => {
  writeTree(world.repo, { 'clusters/home/network.yaml': inventory.replace('v1.33.4', 'v1.20.15') })
  const outcome = await bootstrap('pi-1')
  expect(outcome.code).toBe(3)
  expect(outcome.err).toContain('K3s v1.20.15+k3s1 has no config.yaml.d')
  expect(existsSync(join(world.root, flags))).toBe(false)
})
