import { expect, test } from 'vitest'
import { colours } from '../../src/cli/colour.ts'
import { formatLostEdits } from '../../src/cli/drift.ts'
import { eventsOf } from '../../src/cli/events.ts'
import { formatHistory, shortRevision } from '../../src/cli/history.ts'
import { formatHolding, formatStatus } from '../../src/cli/status.ts'
import type { PassRecord } from '../../src/domain/history.ts'
import type { StatusSnapshot } from '../../src/domain/status.ts'

const commit = '3f1c9e0b7a52d4468f0e6cb1a97d25e8b4430c1d'
const status: StatusSnapshot = {
  apiVersion: 'fairlead.dev/v1alpha1',
  kind: 'Status',
  cluster: 'home',
  node: 'pi-1',
  engine: 'k3s',
  source: 'https://git.example/network.git main',
  revision: `main@sha1:${commit}`,
  attemptedRevision: `main@sha1:${'a'.repeat(40)}`,
  verdict: 'pending',
  suspended: true,
  conditions: [
    { type: 'Ready', status: 'False', reason: 'RestartPending', message: 'new K3s flags wait for a restart' },
    { type: 'Stalled', status: 'False', reason: 'Progressing', message: 'Nobody has to step in' },
  ],
  components: [
    { name: 'coredns', enabled: true },
    { name: 'traefik', enabled: false },
  ],
  files: [
    { path: '/etc/a.yaml', class: 'program', state: 'Staged', message: 'waits for a restart of K3s' },
    { path: '/etc/b.yaml', class: 'program', state: 'Current', message: '' },
  ],
  drops: [
    {
      path: '/m/lan.yaml',
      digest: 'd',
      holdsSecret: true,
      handling: 'Report',
      findings: [{ code: 'OBJECT_TWICE', line: 3, column: 1, what: 'a is there twice', fix: 'keep one' }],
    },
  ],
  problems: ['clusters/home/network.yaml:3:1 X: wrong; mend it'],
  lastHandledReconcileAt: '',
}

test('a status is a summary, and a table for everything that has something to say', () => {
  expect(formatStatus(status, { colours: colours(false), wide: false, columns: undefined })).toBe(`cluster     home
node        pi-1
engine      k3s
source      https://git.example/network.git main
revision    main@sha1:3f1c9e0b
attempted   main@sha1:aaaaaaaa
verdict     pending, suspended

CONDITION   STATUS   REASON           MESSAGE
Ready       False    RestartPending   new K3s flags wait for a restart
Stalled     False    Progressing      Nobody has to step in

COMPONENT   STATE
traefik     disabled

FILE          CLASS     STATE    MESSAGE
/etc/a.yaml   program   Staged   waits for a restart of K3s
1 more file is current

DROP          HANDLING   FINDING
/m/lan.yaml   Report     3:1 OBJECT_TWICE: a is there twice
                         holds a Secret

PROBLEMS
clusters/home/network.yaml:3:1 X: wrong; mend it
`)
})

test('wide shows every file and component, and revisions in full', () => {
  const text = formatStatus(status, { colours: colours(false), wide: true, columns: undefined })
  expect(text).toContain('/etc/b.yaml')
  expect(text).toContain('coredns     enabled')
  expect(text).toContain(commit)
})

test('manifests that are hidden from K3s are bad news', () => {
  const conditions = [{ type: 'ManifestsHidden', status: 'True', reason: 'AwaitingAPI', message: 'a.yaml' }] as const
  const text = formatStatus({ ...status, conditions }, { colours: colours(true), wide: false, columns: undefined })
  expect(text).toContain('\u001b[31mTrue')
})

test('False is good news for Stalled, and bad news for Ready', () => {
  const text = formatStatus(status, { colours: colours(true), wide: false, columns: undefined })
  expect(text).toContain('Ready       \u001b[31mFalse')
  expect(text).toContain('Stalled     \u001b[32mFalse')
})

const pass: PassRecord = {
  startedAt: '2026-11-20T08:00:00.000Z',
  durationMs: 12.4,
  revision: `main@sha1:${commit}`,
  author: 'Ada Lovelace',
  trigger: 'webhook',
  verdict: 'settled',
  reason: 'Applied',
  message: 'The node is as the revision says',
  changes: [
    { kind: 'create', id: 'file:/etc/a.yaml', cause: 'Revision', impact: 'K3sRestart' },
    { kind: 'restore', id: 'file:/m/coredns.yaml', cause: 'Drift', impact: 'PodRestart' },
    { kind: 'restore', id: 'file:/m/traefik.yaml', cause: 'Revision', impact: 'PodRestart' },
  ],
}
const nowMs = Date.parse('2026-11-20T08:02:30.000Z')

test('history tells when, what, how it ended and what was done', () => {
  expect(
    formatHistory([pass], { nowMs, wide: false, columns: undefined }),
  ).toBe(`AGE     REVISION             VERDICT   REASON    CHANGES   TOOK   MESSAGE
2m30s   main@sha1:3f1c9e0b   settled   Applied   3         12ms   The node is as the revision says
`)
  const wide = formatHistory([pass], { nowMs, wide: true, columns: undefined })
  expect(wide).toContain('AUTHOR')
  expect(wide).toContain('webhook')
  expect(wide).toContain(commit)
})

test('a pass is one event for each change, and one for its end; drift is a warning', () => {
  expect(eventsOf([pass]).map(({ type, reason, object, message }) => [type, reason, object, message])).toEqual([
    ['Normal', 'Created', 'file:/etc/a.yaml', 'for main@sha1:3f1c9e0b, impact K3sRestart'],
    ['Warning', 'Restored', 'file:/m/coredns.yaml', 'drift repaired, impact PodRestart'],
    ['Normal', 'Staged', 'file:/m/traefik.yaml', 'for main@sha1:3f1c9e0b, impact PodRestart'],
    ['Normal', 'Applied', 'pass', 'The node is as the revision says'],
  ])
})

test('a pass that was blocked or failed is a warning', () => {
  for (const verdict of ['blocked', 'failed']) {
    expect(eventsOf([{ ...pass, verdict, changes: [] }]).map((event) => event.type)).toEqual(['Warning'])
  }
})

test('a revision is shortened where it is a digest, and left alone elsewhere', () => {
  expect(shortRevision(`v1@sha1:${commit}`)).toBe('v1@sha1:3f1c9e0b')
  expect(shortRevision('none')).toBe('none')
})

test('lost edits name the path, the writer and the digest that shows them', () => {
  const edit = { path: '/m/coredns.yaml', digest: commit, repairedAt: pass.startedAt, writer: 'uid 0 (root)' }
  const edits = [{ ...edit, cause: 'edited' } as const, { ...edit, cause: 'deleted' } as const]
  expect(formatLostEdits(edits, nowMs, undefined)).toBe(`LOST EDIT         CAUSE     REPAIRED   WRITER         DIGEST
/m/coredns.yaml   edited    2m30s      uid 0 (root)   3f1c9e0b7a52
/m/coredns.yaml   deleted   2m30s      uid 0 (root)   -
show one with: fairlead drift --diff <digest>
`)
})

test('where no lost edit has a content, none is offered to be shown', () => {
  const deleted = { path: '/m/a.yaml', digest: '', repairedAt: pass.startedAt, writer: '-', cause: 'deleted' } as const
  expect(formatLostEdits([deleted], nowMs, undefined)).not.toContain('--diff')
})

test('a suspension is told with its age, escaped, and without a colon where there is no reason', () => {
  const suspension = { by: 'ada\u001b[2J', reason: '', since: '2026-11-20T08:00:00.000Z' }
  const holding = (reason: string) =>
    formatHolding({ isRunning: true, suspension: { ...suspension, reason }, nowMs }, colours(false))
  expect(holding('')).toBe('suspended by ada\\x1b[2J 2m30s ago\n\n')
  expect(holding('moving')).toBe('suspended by ada\\x1b[2J 2m30s ago: moving\n\n')
  expect(formatHolding({ isRunning: true, suspension: undefined, nowMs }, colours(false))).toBe('')
})

test('a status tells what is not as wanted in the kernel, and revisions in sentences are short', () => {
  const message = `main@sha1:${commit} was taken back and is not tried again: it could not be applied whole`
  const text = formatStatus(
    {
      ...status,
      conditions: [{ type: 'KernelReady', status: 'False', reason: 'RolledBack', message }],
      network: {
        plane: 'iptables',
        program: 'd',
        items: [{ kind: 'cleanup', what: 'network-policy', state: 'Leftover', message: 'needs a yes' }],
      },
    },
    { colours: colours(false), wide: false, columns: undefined },
  )
  expect(text).toContain('RolledBack   main@sha1:3f1c9e0b was taken back and is not tried again')
  expect(text).toContain(`KERNEL           STATE      MESSAGE
network-policy   Leftover   needs a yes
`)
})

test('on a terminal the message of a condition goes on below, because it is the answer', () => {
  const message = `Refused, because the node could not be reached any more: ssh (tcp port 22) would be dropped by the-last-rule`
  const text = formatStatus(
    { ...status, conditions: [{ type: 'KernelReady', status: 'False', reason: 'FailsafeDropped', message }] },
    { colours: colours(false), wide: false, columns: 80 },
  )
  expect(text.replaceAll(/\s+/g, ' ')).toContain('would be dropped by the-last-rule')
  expect(text.split('\n').every((line) => line.length <= 80)).toBe(true)
})

test('manifests that are not applied, and hazards of the directory, are named', () => {
  const manifest = (addon: string, state: 'Applied' | 'Failed', message = '') => ({
    path: `/m/${addon}.yaml`,
    addon,
    state,
    message,
  })
  const deploy = {
    manifests: [manifest('coredns', 'Applied'), manifest('lan', 'Failed', 'line 3: no kind')],
    warnings: [{ code: 'DANGLING_LINK' as const, path: '/m/gone.yaml', message: 'the link leads nowhere' }],
  }
  const text = formatStatus({ ...status, deploy }, { colours: colours(false), wide: false, columns: undefined })
  expect(text).toContain(`MANIFEST      ADDON   STATE    MESSAGE
/m/lan.yaml   lan     Failed   line 3: no kind
1 more manifest is applied

WARNING         PATH           MESSAGE
DANGLING_LINK   /m/gone.yaml   the link leads nowhere
`)
  const calm = formatStatus(
    { ...status, deploy: { manifests: [manifest('coredns', 'Applied')], warnings: [] } },
    { colours: colours(false), wide: false, columns: undefined },
  )
  expect(calm).toContain('\n1 manifest is applied\n')
  expect(calm).not.toContain('MANIFEST ')
})
