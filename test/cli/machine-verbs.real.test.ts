import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openMachine } from '../../src/agent/this-machine.ts'
import { adoptCommand } from '../../src/cli/adopt.ts'
import { applyCommand } from '../../src/cli/apply.ts'
import type { Command, CommandCall } from '../../src/cli/command.ts'
import { diffCommand } from '../../src/cli/diff.ts'
import { driftCommand } from '../../src/cli/drift.ts'
import { eventsCommand } from '../../src/cli/events.ts'
import { historyCommand } from '../../src/cli/history.ts'
import { planCommand } from '../../src/cli/plan.ts'
import { reconcileCommand } from '../../src/cli/reconcile.ts'
import { resumeCommand } from '../../src/cli/resume.ts'
import { statusCommand } from '../../src/cli/status.ts'
import { suspendCommand } from '../../src/cli/suspend.ts'
import { terminalLog } from '../../src/cli/terminal-log.ts'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import { callOf, type FakeTerminal, fakeTerminal } from './fake-terminal.ts'
import { flags, manifests, network, sampleWorld, writeTree } from './sample-repository.ts'

let world = sampleWorld()
beforeEach(() => {
  world = sampleWorld()
})
afterEach(() => rmSync(world.directory, { recursive: true, force: true }))

async function call(
  command: Command,
  options: CommandCall['options'] = {},
  terminal: FakeTerminal = fakeTerminal(world.directory),
  engine = 'builtin',
) {
  const given = { repo: 'repo', root: 'root', engine }
  const code = await command(callOf(terminal, { flags: given, options }))
  return { code, out: terminal.out.text, err: terminal.err.text }
}

function machine() {
  const terminal = fakeTerminal(world.directory)
  const { settings } = callOf(terminal, { flags: { root: 'root' } })
  return openMachine(settings, terminal, terminalLog(terminal, { progress: false }))
}

async function adoptAndApply(): Promise<void> {
  expect((await call(adoptCommand, { yes: true })).code).toBe(0)
  expect((await call(applyCommand, { once: true })).code).toBe(0)
}

const inRoot = (path: string): string => join(world.root, path)

describe('adopt', () => {
  test('nothing is written to a machine before somebody said yes', async () => {
    const terminal = fakeTerminal(world.directory)
    terminal.in.isTTY = true
    terminal.in.write('n\n')
    const { code, out, err } = await call(adoptCommand, {}, terminal)
    expect(code).toBe(1)
    expect(out).toContain('Plan: 4 to create')
    expect(err).toContain(`Let Fairlead manage ${world.root} for cluster home? [y/N] nothing was changed\n`)
    expect(existsSync(inRoot('var'))).toBe(false)
  })

  test('without a terminal it has to be told --yes', async () => {
    expect((await call(adoptCommand)).code).toBe(64)
    expect(existsSync(inRoot('var'))).toBe(false)
  })

  test('a yes adopts, for this cluster and under the name K3s gives this node', async () => {
    const terminal = fakeTerminal(world.directory)
    terminal.in.isTTY = true
    terminal.in.write('y\n')
    expect((await call(adoptCommand, {}, terminal)).code).toBe(0)
    expect(await machine().state.readAdoption()).toMatchObject({ cluster: 'home', node: 'pi-1', takenOver: {} })
  })

  test('a foreign file is shown as a diff, taken over as it was shown, and not when it changed after that', async () => {
    const path = `${manifests}/fairlead-coredns-custom.yaml`
    writeTree(world.root, { [path]: 'kind: ConfigMap # mine\n' })
    const adopted = await call(adoptCommand, { yes: true })
    expect(adopted.code).toBe(0)
    expect(adopted.out).toContain('-kind: ConfigMap # mine')
    appendFileSync(inRoot(path), '# and again\n')
    const refused = await call(applyCommand, { once: true })
    expect(refused.code).toBe(3)
    expect(refused.out).toContain('blocked')
    expect(readFileSync(inRoot(path), 'utf8')).toContain('# and again')

    expect((await call(adoptCommand, { yes: true })).code).toBe(0)
    expect((await call(applyCommand, { once: true })).code).toBe(0)
    expect(readFileSync(inRoot(path), 'utf8')).toContain('coredns-custom')
  })

  test('a foreign flag file is shown and taken over although flags are staged first where K3s is', async () => {
    writeTree(world.root, { [flags]: 'debug: true # mine\n' })
    const k3s = (command: Command, options: CommandCall['options']) =>
      call(command, options, fakeTerminal(world.directory), 'k3s')
    const adopted = await k3s(adoptCommand, { yes: true })
    expect(adopted.code).toBe(0)
    expect(adopted.out).toContain('-debug: true # mine')
    expect(Object.keys((await machine().state.readAdoption())?.takenOver ?? {})).toEqual([flags])
    await k3s(applyCommand, { once: true })
    expect(readFileSync(inRoot(flags), 'utf8')).toBe('debug: true # mine\n')
    await k3s(applyCommand, { once: true, 'place-flags': true })
    expect(readFileSync(inRoot(flags), 'utf8')).not.toContain('# mine')
  })

  test('the diff of a foreign file with a Secret in it shows none of its lines', async () => {
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: a }\nstringData: { password: hunter2 }\n'
    writeTree(world.root, { [`${manifests}/fairlead-coredns-custom.yaml`]: secret })
    for (const command of [adoptCommand, diffCommand, planCommand]) {
      const { out, err } = await call(command, { yes: true })
      expect(out + err).not.toContain('hunter2')
    }
  })

  test('adopting again says that there is nothing to take over', async () => {
    await adoptAndApply()
    const again = await call(adoptCommand)
    expect(again.code).toBe(0)
    expect(again.out).toBe('already adopted for cluster home; there is nothing to take over\n')
  })

  test('moving to another cluster in a script needs its name', async () => {
    await adoptAndApply()
    const text = readFileSync(join(world.repo, 'clusters/home/network.yaml'), 'utf8')
    rmSync(join(world.repo, 'clusters/home'), { recursive: true })
    writeTree(world.repo, { 'clusters/lab/network.yaml': text.replace('name: home', 'name: lab') })
    const refused = await call(adoptCommand, { yes: true })
    expect(refused.code).toBe(64)
    expect(refused.err).toContain('--cluster lab')
    expect(await machine().state.readAdoption()).toMatchObject({ cluster: 'home' })
  })
})

describe('apply and plan', () => {
  test('a machine that nobody adopted is not written to', async () => {
    const { code, out } = await call(applyCommand, { once: true })
    expect(code).toBe(3)
    expect(out).toContain('0 changes applied · blocked')
    expect(existsSync(inRoot(flags))).toBe(false)
  })

  test('after apply the plan is empty', async () => {
    expect((await call(planCommand, { 'detailed-exitcode': true })).code).toBe(2)
    await adoptAndApply()
    const { code, out } = await call(planCommand, { 'detailed-exitcode': true })
    expect(out).toContain('Plan: no changes')
    expect(code).toBe(0)
    expect(statSync(inRoot(flags)).mode & 0o777).toBe(0o600)
  })

  test('planning writes nothing', async () => {
    for (const command of [planCommand, diffCommand, driftCommand]) await call(command)
    expect(existsSync(inRoot('var'))).toBe(false)
  })

  test('apply without --once is bad usage that names run', async () => {
    const { code, err } = await call(applyCommand)
    expect(code).toBe(64)
    expect(err).toContain('fairlead run')
  })

  test('a removed manifest is emptied, waited for and taken away in one call', async () => {
    writeTree(world.repo, { 'clusters/home/manifests/lan.yaml': configMap('lan') })
    await adoptAndApply()
    rmSync(join(world.repo, 'clusters/home/manifests'), { recursive: true })
    const { code, out } = await call(applyCommand, { once: true })
    expect(code).toBe(0)
    expect(out).toBe(`emptied   ${manifests}/lan.yaml
removed   ${manifests}/lan.yaml
2 changes applied · settled: The node is as the revision says
`)
    expect(existsSync(inRoot(`${manifests}/lan.yaml`))).toBe(false)
  })

  test('time that is up before a removal is through ends pending, which is no failure', async () => {
    writeTree(world.repo, { 'clusters/home/manifests/lan.yaml': configMap('lan') })
    await adoptAndApply()
    rmSync(join(world.repo, 'clusters/home/manifests'), { recursive: true })
    const { code, out } = await call(applyCommand, { once: true, timeout: '0s' })
    expect(code).toBe(0)
    expect(out).toContain('1 change applied · pending: emptied manifests')
  })

  test('an error in the repository is told with its place and changes nothing', async () => {
    await adoptAndApply()
    writeTree(world.repo, { 'clusters/home/network.yaml': `${network}  surprise: 1\n` })
    for (const command of [planCommand, diffCommand, applyCommand, adoptCommand]) {
      const { code, out, err } = await call(command, { once: true, yes: true })
      expect(code).toBe(3)
      expect(out).toBe('')
      expect(err).toContain('clusters/home/network.yaml:14:3  UNKNOWN_FIELD')
    }
    expect((await call(driftCommand)).out).toBe('no drift\n')
  })

  test('two at once: the one without the lock refuses, naming the other', async () => {
    const release = await machine().state.acquireLock()
    await expect(call(applyCommand, { once: true })).rejects.toMatchObject({ detail: { code: 'ALREADY_RUNNING' } })
    await release()
    expect((await call(applyCommand, { once: true })).code).toBe(3)
  })

  test('to place flags beside a Fairlead that runs, the way is to stop that one first', async () => {
    const release = await machine().state.acquireLock()
    const placing = call(applyCommand, { once: true, 'place-flags': true })
    await expect(placing).rejects.toMatchObject({
      detail: { code: 'ALREADY_RUNNING', fix: expect.stringContaining('systemctl stop fairlead') },
    })
    await release()
  })

  test('a drop with a hostile name is listed with its name escaped', async () => {
    await adoptAndApply()
    writeTree(world.root, { [`${manifests}/lan\u001b[2J.yaml`]: 'kind: [' })
    const { out } = await call(planCommand)
    expect(out).toContain('lan\\x1b[2J.yaml')
    expect(out).not.toContain('\u001b')
  })

  test('diff names node and path, and shows the lines', async () => {
    await adoptAndApply()
    const path = `${manifests}/fairlead-coredns-custom.yaml`
    writeFileSync(inRoot(path), readFileSync(inRoot(path), 'utf8').replace('192.168.1.1', '1.1.1.1'))
    const { out } = await call(diffCommand)
    expect(out).toBe(`--- pi-1${path}
+++ pi-1${path}
@@ -2,7 +2,7 @@
 data:
   lan.server: |
     lan:53 {
-        forward . 1.1.1.1
+        forward . 192.168.1.1
     }
 kind: "ConfigMap"
 metadata:
`)
  })
})

describe('status, drift, history and events', () => {
  test('a machine that nothing ran on has no status, which is a failure', async () => {
    const { code, out, err } = await call(statusCommand)
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain('fairlead run')
  })

  test('status tells the revision, the verdict, the conditions and what is not current', async () => {
    await adoptAndApply()
    const { code, out } = await call(statusCommand)
    expect(code).toBe(0)
    expect(out).toMatch(/\n\ncluster {4}home\nnode {7}pi-1\nengine {5}builtin\n/)
    expect(out).toContain('verdict    settled\n')
    expect(out).toMatch(/Ready +True +Applied +The node is as the revision says/)
    expect(out).toContain('4 files are current\n')
  })

  test('status says when nobody runs here, and who suspended the machine although nobody does', async () => {
    await adoptAndApply()
    const release = await machine().state.acquireLock()
    expect((await call(statusCommand)).out).toMatch(/^cluster /)
    await release()
    const alone = 'no Fairlead runs here; this is what the last one told\n'
    expect((await call(statusCommand)).out.startsWith(`${alone}\ncluster `)).toBe(true)
    await call(suspendCommand, { reason: 'moving house' })
    expect((await call(statusCommand)).out).toMatch(
      new RegExp(`^${alone}suspended by ada \\d+s ago: moving house\n\ncluster `),
    )
  })

  test('contract: status as JSON is the status file, suspended or not', async () => {
    await adoptAndApply()
    await call(suspendCommand)
    const { out } = await call(statusCommand, { output: 'json' })
    expect(JSON.parse(out)).toEqual(await machine().state.readStatus())
    expect(Object.keys(JSON.parse(out)).slice(0, 2)).toEqual(['apiVersion', 'kind'])
  })

  test('events are wide with their revisions', async () => {
    await adoptAndApply()
    const { out } = await call(eventsCommand, { output: 'wide' })
    expect(out).toMatch(/^LAST SEEN +TYPE +REASON +OBJECT +REVISION +MESSAGE\n/)
    expect(out).toMatch(/pass +checkout@sha256:[0-9a-f]{64} /)
  })

  test('drift shows what differs now; a repair moves the edit to the lost ones, where it can be seen', async () => {
    await adoptAndApply()
    appendFileSync(inRoot(`${manifests}/coredns.yaml`), '# mine\n')
    const drifted = await call(driftCommand, { 'detailed-exitcode': true })
    expect(drifted.code).toBe(2)
    expect(drifted.out).toBe(
      `DRIFT                                                HANDLING   MESSAGE
${manifests}/coredns.yaml   repair     content changed
`,
    )
    await call(applyCommand, { once: true })
    const [edit] = await machine().state.readLostEdits()
    const repaired = await call(driftCommand)
    expect(repaired.out).toContain('no drift\n')
    expect(repaired.out).toContain(edit?.digest.slice(0, 12))
    const shown = await call(driftCommand, { diff: edit?.digest.slice(0, 12) })
    expect(shown.code).toBe(0)
    expect(shown.out).toContain('+# mine')
  })

  test('a digest that names no lost edit is a failure', async () => {
    expect((await call(driftCommand, { diff: 'abc' })).code).toBe(1)
  })

  test('contract: the shapes of drift, history and events in JSON', async () => {
    await adoptAndApply()
    appendFileSync(inRoot(`${manifests}/coredns.yaml`), '# mine\n')
    const read = async (command: Command) => JSON.parse((await call(command, { output: 'json' })).out)
    expect(await read(driftCommand)).toEqual({
      apiVersion: 'fairlead.dev/v1alpha1',
      kind: 'DriftReport',
      drift: [{ path: `${manifests}/coredns.yaml`, handling: 'repair', message: 'content changed' }],
      lostEdits: [],
    })
    expect(await read(historyCommand)).toMatchObject({
      kind: 'PassRecordList',
      items: [{ verdict: 'settled', reason: 'Applied', trigger: 'apply --once' }],
    })
    const { kind, items } = await read(eventsCommand)
    expect(kind).toBe('EventList')
    expect(items).toHaveLength(5)
    expect(items.at(-1)).toMatchObject({ type: 'Normal', reason: 'Applied', object: 'pass' })
  })

  test('history lists the newest pass first and counts its changes', async () => {
    await adoptAndApply()
    appendFileSync(inRoot(`${manifests}/coredns.yaml`), '# mine\n')
    await call(applyCommand, { once: true })
    const lines = (await call(historyCommand)).out.split('\n')
    expect(lines[0]).toBe('AGE   REVISION                   VERDICT   REASON    CHANGES   TOOK   MESSAGE')
    expect(lines[1]).toMatch(/^\d+s +checkout@sha256:[0-9a-f]{8} +settled +Applied +1 /)
    expect(lines[2]).toMatch(/settled +Applied +4 /)
  })
})

describe('suspend, resume and reconcile', () => {
  test('a suspension carries who, when and why, and is not taken over by a second one', async () => {
    await call(adoptCommand, { yes: true })
    expect((await call(suspendCommand, { reason: 'moving house' })).code).toBe(0)
    expect(await machine().state.readSuspension()).toMatchObject({ by: 'ada', reason: 'moving house' })
    expect((await call(suspendCommand)).out).toMatch(/^suspended already, by ada since 20/)
    expect((await call(resumeCommand)).out).toMatch(/^resumed; it was suspended by ada \d+s ago: moving house\n$/)
    expect(await machine().state.readSuspension()).toBeUndefined()
    expect((await call(resumeCommand)).out).toBe('was not suspended\n')
  })

  test('a root that Fairlead never kept is refused, and nothing is made there', async () => {
    for (const command of [suspendCommand, resumeCommand]) {
      const { code, out, err } = await call(command)
      expect([code, out]).toEqual([1, ''])
      expect(err).toContain(`does not keep ${world.root}\n  fix  `)
    }
    expect(existsSync(inRoot('var'))).toBe(false)
  })

  test('while it is suspended, apply refuses and names who, why and the way out', async () => {
    await call(adoptCommand, { yes: true })
    await call(suspendCommand, { reason: 'moving house' })
    const refused = await call(applyCommand, { once: true })
    expect([refused.code, refused.out]).toEqual([1, ''])
    expect(refused.err).toMatch(/suspended by ada since 20.*: moving house\n {2}fix {2}fairlead resume\n$/)
    expect(existsSync(inRoot(flags))).toBe(false)
    await call(resumeCommand)
    expect((await call(applyCommand, { once: true })).code).toBe(0)
  })

  test('while it is suspended, reconcile says so at once and asks for nothing', async () => {
    await call(adoptCommand, { yes: true })
    await call(suspendCommand, { reason: 'moving house' })
    const running = machine()
    const release = await running.state.acquireLock()
    for (const options of [{}, { wait: false }]) {
      const { code, out, err } = await call(reconcileCommand, options)
      expect([code, out]).toEqual([1, ''])
      expect(err).toContain('moving house')
    }
    expect(await running.state.readReconcileRequest()).toBeUndefined()
    await release()
  })

  test.each<[number, Partial<StatusSnapshot>, string]>([
    [0, { verdict: 'pending' }, 'pending at '],
    [3, { verdict: 'blocked' }, 'blocked at '],
    [1, { verdict: 'failed' }, 'failed at '],
    [1, { verdict: 'unknown' }, 'unknown at '],
    [
      3,
      {
        attemptedRevision: 'main@sha1:2',
        problems: ['x'],
        conditions: [
          { type: 'Ready', status: 'False', reason: 'DesiredStateInvalid', message: 'main@sha1:2 has 1 error' },
        ],
      },
      'refused: main@sha1:2 has 1 error\n',
    ],
  ])('reconcile ends with %i for a pass that says %o', async (expected, changes, words) => {
    await adoptAndApply()
    const running = machine()
    const release = await running.state.acquireLock()
    const asked = call(reconcileCommand)
    let request = await running.state.readReconcileRequest()
    while (request === undefined) request = await running.state.readReconcileRequest()
    const status = await running.state.readStatus()
    if (status === undefined) throw new Error('apply wrote a status')
    await running.state.writeStatus({ ...status, ...changes, lastHandledReconcileAt: request.token })
    const { code, out } = await asked
    expect(out.startsWith(words), out).toBe(true)
    expect(code).toBe(expected)
    await release()
  })

  test('reconcile says when nothing runs here, and asks for nothing', async () => {
    const { code, err } = await call(reconcileCommand)
    expect(code).toBe(1)
    expect(err).toContain('fairlead run')
    expect(await machine().state.readReconcileRequest()).toBeUndefined()
  })

  test('reconcile waits until the one that runs has echoed its request', async () => {
    await adoptAndApply()
    const running = machine()
    const release = await running.state.acquireLock()
    const asked = call(reconcileCommand)
    let request = await running.state.readReconcileRequest()
    while (request === undefined) request = await running.state.readReconcileRequest()
    const status = await running.state.readStatus()
    if (status === undefined) throw new Error('apply wrote a status')
    await running.state.writeStatus({ ...status, lastHandledReconcileAt: request.token })
    const { code, out } = await asked
    expect(code).toBe(0)
    expect(out).toMatch(/^settled at checkout@sha256:[0-9a-f]+: The node is as the revision says\n$/)
    await release()
  })

  test('no answer in time is a failure, and --no-wait does not wait for one', async () => {
    const running = machine()
    const release = await running.state.acquireLock()
    expect((await call(reconcileCommand, { timeout: '0s' })).code).toBe(1)
    expect(await call(reconcileCommand, { wait: false })).toMatchObject({ code: 0, out: 'asked for a pass\n' })
    expect((await call(reconcileCommand, { timeout: 'soon' })).code).toBe(64)
    await release()
  })
})

function configMap(name: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: default\n`
}
