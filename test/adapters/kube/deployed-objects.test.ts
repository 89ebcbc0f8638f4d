import { expect, test } from 'vitest'
import { deployedAddon, toldOfAddon, wordsOf } from '../../../src/adapters/kube/deployed-addons.ts'
import { chartJobOf, jobPod, withPods } from '../../../src/adapters/kube/deployed-jobs.ts'
import { chartRelease } from '../../../src/adapters/kube/deployed-releases.ts'

const addon = {
  metadata: {
    name: 'lan',
    uid: 'u',
    resourceVersion: '7',
    managedFields: [
      { manager: 'deploy@a', time: '2026-01-01T00:00:05Z' },
      { manager: 'deploy@b', time: '2026-01-01T00:00:09Z' },
      { manager: 'odd' },
    ],
  },
  spec: { source: '/manifests/lan.yaml', checksum: 'abc' },
}

test('an Addon is cut down to what it says of its file, and when it was written last', () => {
  expect(deployedAddon(addon)).toEqual({
    name: 'lan',
    uid: 'u',
    resourceVersion: '7',
    source: '/manifests/lan.yaml',
    checksum: 'abc',
    writtenAtMs: Date.UTC(2026, 0, 1, 0, 0, 9),
  })
  expect(deployedAddon({ metadata: { name: 'new', uid: 'u', resourceVersion: '1' } })).toMatchObject({
    source: '',
    checksum: '',
    writtenAtMs: undefined,
  })
  expect(deployedAddon({ metadata: { name: 'no object' } })).toBeUndefined()
})

type Json = Readonly<Record<string, unknown>>

function deployWords(events: readonly Json[]): ReturnType<typeof wordsOf> {
  return wordsOf(events.flatMap((one) => toldOfAddon(one) ?? []))
}

function chartJobs(jobs: readonly Json[], pods: readonly Json[]): ReturnType<typeof withPods> {
  return withPods(
    jobs.flatMap((one) => chartJobOf(one) ?? []),
    pods.map(jobPod),
  )
}

function event(reason: string, second: number, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    metadata: { name: `${reason}.${second}`, namespace: 'kube-system' },
    involvedObject: { apiVersion: 'k3s.cattle.io/v1', kind: 'Addon', namespace: 'kube-system', name: 'lan' },
    type: reason.endsWith('Failed') ? 'Warning' : 'Normal',
    reason,
    message: '',
    lastTimestamp: `2026-01-01T00:00:0${second}Z`,
    source: { host: 'pi-1' },
    ...extra,
  }
}

test('of each server the last word counts, newest first; announcements are none', () => {
  const words = deployWords([
    event('AppliedManifest', 1),
    event('ApplyManifestFailed', 2, { message: 'data.key: Invalid value: "hunter2"' }),
    event('ApplyingManifest', 3),
    event('AppliedManifest', 4, { source: { host: 'pi-2' } }),
    event('ApplyJob', 5, { involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'lan' } }),
  ])
  expect(
    words.map(({ addon: of, isFailure, reason, atMs }) => [of, isFailure, reason, new Date(atMs).getUTCSeconds()]),
  ).toEqual([
    ['lan', false, 'AppliedManifest', 4],
    ['lan', true, 'ApplyManifestFailed', 2],
  ])
  expect(JSON.stringify(words)).not.toContain('hunter2')
})

test('of one second the failure counts, in whichever order they come', () => {
  const both = [event('AppliedManifest', 1), event('ApplyManifestFailed', 1)]
  for (const events of [both, both.toReversed()]) {
    expect(deployWords(events).map(({ reason }) => reason)).toEqual(['ApplyManifestFailed'])
  }
})

const labels = { 'helmcharts.helm.cattle.io/chart': 'traefik' }

function job(name: string, status: Record<string, unknown>): Record<string, unknown> {
  return {
    metadata: { name, namespace: 'kube-system', labels, creationTimestamp: '2026-01-01T00:00:05Z' },
    spec: {
      template: {
        metadata: { annotations: { 'helmcharts.helm.cattle.io/configHash': 'SHA256=AB' } },
        spec: { containers: [{ args: ['install', '--set-string', 'password=hunter2'] }] },
      },
    },
    status,
  }
}

function pod(of: string, reason: string): Record<string, unknown> {
  return {
    metadata: { name: `${of}-x`, namespace: 'kube-system', labels: { ...labels, 'job-name': of } },
    status: { containerStatuses: [{ state: { waiting: { reason } } }, { state: { running: {} } }] },
  }
}

test('a Helm job is told with its hash and why its pods wait, without its arguments', () => {
  const jobs = chartJobs(
    [
      job('helm-install-traefik', { active: 1, failed: 2, conditions: [{ type: 'Failed', status: 'False' }] }),
      job('helm-delete-traefik', { succeeded: 1 }),
    ],
    [
      pod('helm-install-traefik', 'ImagePullBackOff'),
      pod('helm-install-traefik', 'ContainerCreating'),
      pod('helm-install-other', 'CrashLoopBackOff'),
    ],
  )
  expect(jobs).toEqual([
    {
      namespace: 'kube-system',
      chart: 'traefik',
      name: 'helm-install-traefik',
      configHash: 'SHA256=AB',
      createdAtMs: Date.UTC(2026, 0, 1, 0, 0, 5),
      active: 1,
      succeeded: 0,
      failed: 2,
      hasGivenUp: false,
      waitsFor: ['ImagePullBackOff'],
    },
  ])
  const [over] = chartJobs([job('helm-install-traefik', { conditions: [{ type: 'Failed', status: 'True' }] })], [])
  expect(over?.hasGivenUp).toBe(true)
})

test('releases are read from labels; what is none of Helm’s is left out', () => {
  const release = {
    metadata: {
      name: 'sh.helm.release.v1.traefik.v3',
      namespace: 'kube-system',
      creationTimestamp: '2026-01-01T00:00:05Z',
      labels: { owner: 'helm', name: 'traefik', version: '3', status: 'pending-upgrade' },
    },
  }
  expect(chartRelease('Secret', { metadata: { name: 'x', namespace: 'y', labels: { owner: 'helm' } } })).toBeUndefined()
  expect(chartRelease('Secret', release)).toEqual({
    namespace: 'kube-system',
    name: 'traefik',
    revision: 3,
    status: 'pending-upgrade',
    configHash: undefined,
    object: 'Secret sh.helm.release.v1.traefik.v3',
    createdAtMs: Date.UTC(2026, 0, 1, 0, 0, 5),
  })
})
