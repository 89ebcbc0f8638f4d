import { expect, test } from 'vitest'
import type { K3sProcess } from '../../src/domain/status.ts'
import { type GuardInput, guardPackaged } from '../../src/reconcile/packaged-guard.ts'
import { manifests, observation, observed } from '../lab/planning.ts'

const startedAtMs = 100_000
const coredns = `${manifests}/coredns.yaml`
const traefik = `${manifests}/traefik.yaml`
const always = `${manifests}/rolebindings.yaml`
const identity = { pid: 7, startTicks: '10', binaryDigest: 'aa', bootId: 'boot' }
const process: K3sProcess = { identity, startedAtMs, upForMs: 5_000, args: ['server'] }

function guard(extra: Partial<GuardInput>) {
  return guardPackaged({
    engine: 'k3s',
    selection: { disabled: [], clusterDNS: ['10.43.0.10'], clusterDomain: 'cluster.local' },
    observation: observation(),
    process,
    pristine: undefined,
    watch: undefined,
    watchingForMs: 1_000_000,
    nowMs: startedAtMs + 5_000,
    ...extra,
  })
}

const stagedAt = (path: string, text: string, atMs: number) => observed(path, text, { modifiedAtMs: atMs })

const begun = stagedAt(always, 'roles', startedAtMs + 3_000)

test('without a K3s the packaged set is our own bundle', () => {
  const { target } = guard({ engine: 'builtin', process: undefined })
  expect(target.kind === 'bundle' && [...target.files.keys()]).toEqual([coredns, traefik])
})

test('the set of this very process guards its files', () => {
  const pristine = { identity, files: { [coredns]: 'stock' } }
  expect(guard({ pristine }).target).toEqual({ kind: 'pristine', files: new Map([[coredns, 'stock']]) })
})

test('the set of any other process is worth nothing', () => {
  for (const other of [{ pid: 8 }, { startTicks: '11' }, { binaryDigest: 'bb' }, { bootId: 'later' }]) {
    const pristine = { identity: { ...identity, ...other }, files: { [coredns]: 'older release' } }
    expect(guard({ pristine }).target.kind).toBe('starting')
  }
})

test('while K3s is down nothing is restored', () => {
  const pristine = { identity, files: { [coredns]: 'stock' } }
  expect(guard({ process: undefined, pristine }).target.kind).toBe('starting')
})

test('a K3s that was up before we watched staged its files unseen', () => {
  expect(guard({ watchingForMs: 2_999 }).target.kind).toBe('unknown')
})

test('the set is captured once every file is staged anew and has been quiet for a second', () => {
  const files = observation(
    stagedAt(coredns, 'new', startedAtMs + 3_000),
    stagedAt(traefik, 'new', startedAtMs + 3_100),
    begun,
  )
  expect(guard({ observation: files, nowMs: startedAtMs + 4_099 }).target.kind).toBe('starting')
  const settled = guard({ observation: files, nowMs: startedAtMs + 4_100 })
  expect(settled.target.kind).toBe('pristine')
  expect(settled.captured).toEqual({ identity, files: { [coredns]: 'new', [traefik]: 'new', [always]: 'roles' } })
})

test('a file of the release before is waited for, and given up as a leftover after a quarter of a minute', () => {
  const files = observation(
    stagedAt(coredns, 'new', startedAtMs + 3_000),
    stagedAt(traefik, 'old', startedAtMs - 1),
    begun,
  )
  expect(guard({ observation: files, nowMs: startedAtMs + 10_000 }).target.kind).toBe('starting')
  const settled = guard({ observation: files, nowMs: startedAtMs + 18_000 })
  expect(settled.captured?.files).toEqual({ [coredns]: 'new', [always]: 'roles' })
})

test('a file that somebody touched before K3s staged anything is no set, however quiet it is', () => {
  const files = observation(
    stagedAt(traefik, 'old and edited', startedAtMs + 3_000),
    stagedAt(always, 'old', startedAtMs - 1),
  )
  expect(guard({ observation: files, nowMs: startedAtMs + 60_000 }).target.kind).toBe('starting')
})

test('nothing staged yet is never a set', () => {
  expect(guard({ nowMs: startedAtMs + 60_000 }).target.kind).toBe('starting')
})

test('a file that somebody edited while K3s staged is not taken for pristine', () => {
  const first = guard({
    observation: observation(stagedAt(coredns, 'new', startedAtMs + 3_000)),
    nowMs: startedAtMs + 3_010,
  })
  const files = observation(
    stagedAt(coredns, 'edited', startedAtMs + 3_500),
    stagedAt(traefik, 'new', startedAtMs + 3_000),
    begun,
  )
  const settled = guard({ observation: files, watch: first.watch, nowMs: startedAtMs + 4_600 })
  expect(settled.captured?.files).toEqual({ [traefik]: 'new', [always]: 'roles' })
})
