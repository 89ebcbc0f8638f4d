import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import { createMachine, eventually, networkFile, networkYaml, type TestMachine } from '../lab/machine.ts'

const dropIn = '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml'
const manifest = (name: string): string => `/var/lib/rancher/k3s/server/manifests/${name}`
const traefikPort = (port: number): string =>
  networkYaml(`  components: { traefik: { values: { ports: { web: { exposedPort: ${port} } } } } }\n`)
const configMap = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: default }\n`

let machine: TestMachine

beforeEach(async () => {
  machine = await createMachine()
})
afterEach(() => machine.close())

function condition(status: StatusSnapshot, type: string): string {
  const found = status.conditions.find((one) => one.type === type)
  return `${found?.status} ${found?.reason}`
}

const settled = (status: StatusSnapshot): boolean => status.verdict === 'settled'
const at = (commit: string) => (status: StatusSnapshot) => settled(status) && status.revision.endsWith(commit)

async function settledMachine(spec = traefikPort(80), files: Record<string, string> = {}): Promise<string> {
  await machine.adopt()
  const commit = await machine.repository.push({ [networkFile]: spec, ...files })
  machine.start()
  await machine.statusUntil(at(commit))
  return commit
}

test('a push is rendered, written with mode 0600 and reported', async () => {
  await settledMachine()
  expect(machine.read(manifest('fairlead-traefik.yaml'))).toContain('exposedPort: 80\n')
  expect(statSync(join(machine.root, manifest('fairlead-traefik.yaml'))).mode & 0o777).toBe(0o600)
  expect(statSync(join(machine.root, '/etc/rancher/k3s/config.yaml.d')).mode & 0o777).toBe(0o700)
  const commit = await machine.push({ [networkFile]: traefikPort(8080) })
  const status = await machine.statusUntil(at(commit))
  expect(machine.read(manifest('fairlead-traefik.yaml'))).toContain('exposedPort: 8080\n')
  expect(condition(status, 'Ready')).toBe('True Applied')
  const [last] = (await machine.state.readHistory()).toReversed()
  expect(last).toMatchObject({
    author: expect.stringContaining('Ada Lovelace'),
    verdict: 'settled',
    trigger: 'webhook',
  })
  expect(last?.changes).toEqual([
    { kind: 'update', id: `file:${manifest('fairlead-traefik.yaml')}`, cause: 'Revision', impact: 'PodRestart' },
  ])
})

test('a bad revision changes nothing, and drift on the good one is still repaired', async () => {
  const good = await settledMachine()
  const bad = await machine.push({ [networkFile]: traefikPort(80).replace('components', 'componentz') })
  const status = await machine.statusUntil((one) => one.attemptedRevision.endsWith(bad))
  expect(status.revision.endsWith(good)).toBe(true)
  expect(condition(status, 'Ready')).toBe('False DesiredStateInvalid')
  expect(condition(status, 'Stalled')).toBe('True DesiredStateInvalid')
  expect(status.problems.join()).toContain(`${networkFile}:6:3 UNKNOWN_FIELD`)
  writeFileSync(join(machine.root, dropIn), 'flannel-backend: none\n')
  await eventually(() => machine.read(dropIn)?.includes('"vxlan"') === true, 'the drop-in is repaired')
  const mended = await machine.push({ [networkFile]: traefikPort(81) })
  await machine.statusUntil(at(mended))
})

test('first contact only reports, and writes after adoption', async () => {
  await machine.repository.push({ [networkFile]: traefikPort(80) })
  machine.start()
  const status = await machine.statusUntil((one) => one.verdict === 'blocked')
  expect(condition(status, 'Ready')).toBe('False NotAdopted')
  expect(existsSync(join(machine.root, dropIn))).toBe(false)
  await machine.adopt()
  await machine.statusUntil(settled)
  expect(machine.read(dropIn)).toBeDefined()
})

test('a foreign file at our path stops that file and nothing else', async () => {
  mkdirSync(machine.manifests, { recursive: true })
  writeFileSync(join(machine.manifests, 'lan.yaml'), configMap('theirs'))
  await machine.adopt()
  await machine.repository.push({
    [networkFile]: traefikPort(80),
    'clusters/home/manifests/lan.yaml': configMap('ours'),
  })
  machine.start()
  const status = await machine.statusUntil((one) => one.verdict === 'blocked')
  expect(condition(status, 'Ready')).toBe('False ForeignFile')
  expect(machine.read(manifest('lan.yaml'))).toBe(configMap('theirs'))
  expect(machine.read(manifest('fairlead-traefik.yaml'))).toBeDefined()
})

test('a manifest that leaves the repository is emptied first and removed after, and nothing foreign goes with it', async () => {
  await settledMachine(traefikPort(80), { 'clusters/home/manifests/lan.yaml': configMap('ours') })
  writeFileSync(join(machine.manifests, 'theirs.yaml'), configMap('theirs'))
  await machine.push({ 'clusters/home/manifests/lan.yaml': undefined })
  await eventually(() => machine.read(manifest('lan.yaml')) === '', 'the manifest is empty')
  await eventually(() => machine.read(manifest('lan.yaml')) === undefined, 'the manifest is gone')
  await machine.statusUntil(settled)
  expect(machine.read(manifest('theirs.yaml'))).toBe(configMap('theirs'))
  expect((await machine.state.readInventory()).entries.has(`file:${manifest('lan.yaml')}` as never)).toBe(false)
})

describe('packaged files without a K3s', () => {
  test('an edit, a deletion and a widened mode are undone, and the edit is kept', async () => {
    await settledMachine()
    const path = join(machine.root, manifest('coredns.yaml'))
    const stock = readFileSync(path, 'utf8')
    writeFileSync(path, `${stock}# mine\n`)
    await eventually(() => machine.read(manifest('coredns.yaml')) === stock, 'the edit is undone')
    unlinkSync(path)
    await eventually(() => machine.read(manifest('coredns.yaml')) === stock, 'the file is back')
    chmodSync(path, 0o666)
    await eventually(() => (statSync(path).mode & 0o777) === 0o600, 'the mode is narrow again')
    const edits = await machine.state.readLostEdits()
    expect(edits.map((edit) => edit.cause).toSorted()).toEqual(['deleted', 'edited', 'mode'])
    const edited = edits.find((edit) => edit.cause === 'edited')
    expect(await machine.state.readLostEditText(edited?.digest ?? '')).toBe(`${stock}# mine\n`)
  })

  test('with Report an edit stays and is told, until the next start stages everything again', async () => {
    await settledMachine(networkYaml('  drift: { packagedFiles: Report }\n'))
    const path = join(machine.root, manifest('coredns.yaml'))
    const stock = readFileSync(path, 'utf8')
    writeFileSync(path, 'edited\n')
    const status = await machine.statusUntil((one) => condition(one, 'PackagedFiles') === 'False Edited')
    expect(status.files.find((file) => file.path === manifest('coredns.yaml'))?.state).toBe('Drifted')
    expect(machine.read(manifest('coredns.yaml'))).toBe('edited\n')
    await machine.stop()
    machine.start()
    await eventually(() => machine.read(manifest('coredns.yaml')) === stock, 'it is staged again')
  })

  test('a disabled component loses its file, an enabled one gets it back', async () => {
    await settledMachine()
    const off = await machine.push({ [networkFile]: networkYaml('  components: { traefik: { enabled: false } }\n') })
    await machine.statusUntil(at(off))
    expect(machine.read(manifest('traefik.yaml'))).toBeUndefined()
    const on = await machine.push({ [networkFile]: networkYaml() })
    await machine.statusUntil(at(on))
    expect(machine.read(manifest('traefik.yaml'))).toContain('kind: HelmChart')
  })
})

describe('drops', () => {
  const dropped = (name: string, text: string): void => writeFileSync(join(machine.manifests, name), text)

  test('what K3s would trip over is told with its place', async () => {
    await settledMachine()
    dropped('broken.yaml', 'kind: [\n')
    const status = await machine.statusUntil((one) => one.drops.length === 1)
    expect(status.drops[0]).toMatchObject({ path: manifest('broken.yaml'), handling: 'Allow' })
    expect(status.drops[0]?.findings.length).toBeGreaterThan(0)
    expect(condition(status, 'Drops')).toBe('False ProblemsFound')
  })

  test('Quarantine moves the file aside and loses nothing', async () => {
    await settledMachine(networkYaml('  drift: { drops: Quarantine }\n'))
    dropped('app.yaml', configMap('app'))
    await eventually(() => machine.read(manifest('app.yaml')) === undefined, 'the drop is moved')
    const told = (): boolean =>
      machine.log.some((line) => line.message === 'pass ended' && line.fields['changes'] === 1)
    await eventually(told, 'the pass is told')
    const [last] = (await machine.state.readHistory()).flatMap((pass) => pass.changes).toReversed()
    expect(last).toMatchObject({ kind: 'quarantine', id: `file:${manifest('app.yaml')}` })
    const quarantine = join(machine.root, '/var/lib/fairlead/quarantine')
    const [kept] = readdirSync(quarantine)
    expect(readFileSync(join(quarantine, kept ?? ''), 'utf8')).toBe(configMap('app'))
  })

  test('Adopt offers the file as a branch; a Secret never leaves the machine', async () => {
    await settledMachine(networkYaml('  drift: { drops: Adopt }\n'))
    dropped('secret.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { key: canary }\n')
    dropped('app.yaml', configMap('app'))
    await eventually(
      () => machine.log.some((line) => line.message === 'drop offered as a branch'),
      'a branch is pushed',
    )
    const branches = (await machine.repository.git('ls-remote', '--heads', 'origin')).split('\n')
    const adopted = branches.filter((line) => line.includes('fairlead/adopt-'))
    expect(adopted.length).toBe(1)
    await machine.repository.git('fetch', '--quiet', 'origin')
    const branch = adopted[0]?.replace(/^.*refs\/heads\//, 'origin/') ?? ''
    expect(await machine.repository.git('show', `${branch}:clusters/home/manifests/app.yaml`)).toBe(
      configMap('app').trim(),
    )
    expect(machine.read(manifest('app.yaml'))).toBe(configMap('app'))
    expect(JSON.stringify(machine.log)).not.toContain('canary')
  })
})

test('while suspended nothing is repaired; resumed, everything is', async () => {
  await settledMachine()
  await machine.state.writeSuspension({ by: 'ada', reason: 'works on it', since: '2026-03-01T12:00:00Z' })
  await machine.statusUntil((status) => status.suspended)
  writeFileSync(join(machine.root, dropIn), 'edited: true\n')
  await sleep(200)
  expect(machine.read(dropIn)).toBe('edited: true\n')
  await machine.state.writeSuspension(undefined)
  await eventually(() => machine.read(dropIn)?.includes('"vxlan"') === true, 'the drop-in is repaired')
})

test('a requested pass is echoed in the status', async () => {
  await settledMachine()
  await machine.state.writeReconcileRequest({ token: 'now-please' })
  await machine.statusUntil((status) => status.lastHandledReconcileAt === 'now-please')
})

test('a remote that is gone is told, the last good revision stays in force also through a restart, and it recovers', async () => {
  const good = await settledMachine()
  machine.server.knobs.status = 500
  await machine.push({ [networkFile]: traefikPort(8080) })
  const status = await machine.statusUntil((one) => condition(one, 'SourceReady').startsWith('False'))
  expect(status.revision.endsWith(good)).toBe(true)
  await machine.stop()
  writeFileSync(join(machine.root, dropIn), 'edited: true\n')
  machine.start({ intervalMs: 300 })
  await eventually(
    () => machine.read(dropIn)?.includes('"vxlan"') === true,
    'the drop-in is repaired without the remote',
  )
  machine.server.knobs.status = undefined
  await eventually(
    () => machine.read(manifest('fairlead-traefik.yaml'))?.includes('8080') === true,
    'the new revision arrives',
  )
})

test('what needs a new cluster is refused with the way out, and the revision before stays in force', async () => {
  const good = await settledMachine(networkYaml('  addressing: { clusterCIDR: [10.42.0.0/16] }\n'))
  const before = machine.read(dropIn)
  await machine.push({ [networkFile]: networkYaml('  addressing: { clusterCIDR: [10.52.0.0/16] }\n') })
  const status = await machine.statusUntil((one) => one.verdict === 'blocked')
  expect(condition(status, 'Ready')).toBe('False RebuildRequired')
  expect(status.conditions.find((one) => one.type === 'Ready')?.message).toContain('build a new cluster')
  expect(status.revision.endsWith(good)).toBe(true)
  expect(machine.read(dropIn)).toBe(before)
})

test('who keeps undoing a repair is named, and the repairs go on at a slower pace', async () => {
  await settledMachine()
  const path = join(machine.root, manifest('coredns.yaml'))
  const stock = readFileSync(path, 'utf8')
  let fighting = true
  const fight = (async () => {
    while (fighting) {
      if (readFileSync(path, 'utf8') === stock) writeFileSync(path, 'theirs\n')
      await sleep(10)
    }
  })()
  const status = await machine.statusUntil((one) => condition(one, 'Contested') === 'True RepairsUndone')
  expect(status.conditions.find((one) => one.type === 'Contested')?.message).toContain('coredns.yaml by ')
  fighting = false
  await fight
  await eventually(() => readFileSync(path, 'utf8') === stock, 'the file is stock again')
})

test('status and history do not move while nothing changes', async () => {
  await settledMachine()
  await machine.stop()
  await machine.state.writeReconcileRequest({ token: 'second start' })
  machine.start({ intervalMs: 50 })
  await machine.statusUntil((status) => settled(status) && status.lastHandledReconcileAt === 'second start')
  await sleep(200)
  const statusFile = join(machine.root, '/var/lib/fairlead/status.json')
  const [writtenAt, passes] = [statSync(statusFile).mtimeMs, (await machine.state.readHistory()).length]
  await sleep(400)
  expect(statSync(statusFile).mtimeMs).toBe(writtenAt)
  expect((await machine.state.readHistory()).length).toBe(passes)
})

test('a machine that refuses is told with its reason, retried, and settles once it is mended', async () => {
  await settledMachine()
  const manifests = join(machine.root, '/var/lib/rancher/k3s/server')
  renameSync(manifests, `${manifests}.away`)
  symlinkSync(`${manifests}.away`, manifests)
  chmodSync(join(machine.root, '/var/lib/rancher/k3s'), 0o777)
  await machine.push({ [networkFile]: traefikPort(8080) })
  const status = await machine.statusUntil((one) => one.verdict === 'failed')
  expect(condition(status, 'Ready')).toBe('False SYMLINK_ON_PATH')
  expect(condition(status, 'Reconciling')).toBe('True Retrying')
  unlinkSync(manifests)
  renameSync(`${manifests}.away`, manifests)
  await machine.statusUntil(settled)
  expect(machine.log.filter((line) => line.level === 'error')).toEqual([])
})

describe('nothing that somebody wrote is lost', () => {
  const lost = async (): Promise<readonly (string | undefined)[]> =>
    Promise.all((await machine.state.readLostEdits()).map((edit) => machine.state.readLostEditText(edit.digest)))

  test('an edit of a file that a new revision changes, or takes away, is kept', async () => {
    await settledMachine(traefikPort(80), { 'clusters/home/manifests/lan.yaml': configMap('ours') })
    await machine.stop()
    writeFileSync(join(machine.root, manifest('fairlead-traefik.yaml')), '# mine\n')
    writeFileSync(join(machine.root, manifest('lan.yaml')), '# mine too\n')
    const commit = await machine.repository.push({
      [networkFile]: traefikPort(8080),
      'clusters/home/manifests/lan.yaml': undefined,
    })
    machine.start()
    await machine.statusUntil(at(commit))
    expect(new Set(await lost())).toEqual(new Set(['# mine\n', '# mine too\n']))
  })

  test('an edit that is no text is moved aside as it is', async () => {
    await settledMachine()
    const binary = Buffer.from([0xff, 0xfe, 0x00, 0x01])
    const stock = machine.read(manifest('coredns.yaml'))
    writeFileSync(join(machine.root, manifest('coredns.yaml')), binary)
    await eventually(() => machine.read(manifest('coredns.yaml')) === stock, 'it is put back')
    const quarantine = join(machine.root, '/var/lib/fairlead/quarantine')
    const [kept] = readdirSync(quarantine)
    expect(readFileSync(join(quarantine, kept ?? ''))).toEqual(binary)
    expect((await lost()).join()).toContain(kept)
  })

  test('our own old content is no lost edit', async () => {
    await settledMachine()
    const commit = await machine.push({ [networkFile]: traefikPort(8080) })
    await machine.statusUntil(at(commit))
    expect(await lost()).toEqual([])
  })
})

test('a machine that refuses from the start is told, and is no reason not to start', async () => {
  const server = join(machine.root, '/var/lib/rancher/k3s/server')
  mkdirSync(join(machine.root, 'elsewhere'))
  mkdirSync(server, { recursive: true })
  symlinkSync(join(machine.root, 'elsewhere'), join(server, 'manifests'))
  await machine.adopt()
  await machine.repository.push({ [networkFile]: traefikPort(80) })
  machine.start()
  const status = await machine.statusUntil((one) => one.verdict === 'failed')
  expect(condition(status, 'Ready')).toBe('False SYMLINK_ON_PATH')
  expect(machine.read(dropIn)).toBeDefined()
  expect(readdirSync(join(machine.root, 'elsewhere'))).toEqual([])
})

test('a renamed cluster is refused, and drift on what was in force is still repaired', async () => {
  const good = await settledMachine()
  await machine.push({
    [networkFile]: undefined,
    'clusters/house/network.yaml': traefikPort(8080).replace('home', 'house'),
  })
  const status = await machine.statusUntil((one) => one.verdict === 'blocked')
  expect(condition(status, 'Ready')).toBe('False OtherCluster')
  expect(status.revision.endsWith(good)).toBe(true)
  writeFileSync(join(machine.root, dropIn), 'edited: true\n')
  await eventually(() => machine.read(dropIn)?.includes('"vxlan"') === true, 'the drop-in is repaired')
})

test('first contact writes nothing to the repository either', async () => {
  await machine.repository.push({ [networkFile]: networkYaml('  drift: { drops: Adopt }\n') })
  mkdirSync(machine.manifests, { recursive: true })
  writeFileSync(join(machine.manifests, 'app.yaml'), configMap('app'))
  machine.start()
  await machine.statusUntil((one) => one.verdict === 'blocked' && one.drops.length === 1)
  await sleep(300)
  expect(await machine.repository.git('ls-remote', '--heads', 'origin')).not.toContain('adopt')
})

test('a yes to a takeover is for that one time', async () => {
  mkdirSync(machine.manifests, { recursive: true })
  const theirs = configMap('theirs')
  writeFileSync(join(machine.manifests, 'lan.yaml'), theirs)
  const takenOver = { [manifest('lan.yaml')]: createHash('sha256').update(theirs).digest('hex') }
  await machine.state.writeAdoption({ cluster: 'home', node: 'pi-1', adoptedAt: '2026-03-01T12:00:00Z', takenOver })
  const commit = await machine.repository.push({
    [networkFile]: traefikPort(80),
    'clusters/home/manifests/lan.yaml': configMap('ours'),
  })
  machine.start()
  await machine.statusUntil(at(commit))
  expect(machine.read(manifest('lan.yaml'))).toBe(configMap('ours'))
  expect((await machine.state.readAdoption())?.takenOver).toEqual({})
  const edits = await machine.state.readLostEdits()
  expect(await machine.state.readLostEditText(edits[0]?.digest ?? '')).toBe(theirs)
})
