import type { PassRecord } from '../../src/domain/history.ts'
import type { LostEdit } from '../../src/domain/lost-edit.ts'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import type { StatusSource } from '../../src/web/status-source.ts'

const commit = '3f1c9e0b7a52d4468f0e6cb1a97d25e8b4430c1d'
const manifests = '/var/lib/rancher/k3s/server/manifests'

/** A cluster with one of everything that the page can show. */
export const sampleStatus: StatusSnapshot = {
  apiVersion: 'fairlead.dev/v1alpha1',
  kind: 'Status',
  cluster: 'home',
  node: 'pi-1',
  engine: 'builtin',
  source: 'http://127.0.0.1:8420/demo.git main',
  revision: `main@sha1:${commit}`,
  attemptedRevision: `main@sha1:${commit}`,
  verdict: 'settled',
  suspended: false,
  conditions: [
    { type: 'Ready', status: 'True', reason: 'Settled', message: 'The node is as the revision says.' },
    { type: 'Reconciling', status: 'False', reason: 'Idle', message: 'Nothing is under way.' },
    { type: 'Stalled', status: 'False', reason: 'NotStalled', message: 'Nothing waits for somebody.' },
    { type: 'SourceReady', status: 'True', reason: 'Fetched', message: 'The repository was read.' },
    { type: 'Drops', status: 'False', reason: 'ProblemsFound', message: 'K3s will trip over whoami.yaml.' },
  ],
  components: [
    { name: 'coredns', enabled: true },
    { name: 'traefik', enabled: true },
    { name: 'servicelb', enabled: true },
    { name: 'network-policy', enabled: true },
    { name: 'metrics-server', enabled: false },
    { name: 'local-storage', enabled: false },
  ],
  files: [
    { path: '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml', class: 'program', state: 'Current', message: '' },
    {
      path: '/etc/rancher/k3s/fairlead/flannel.json',
      class: 'program',
      state: 'Staged',
      message: 'waits for a restart of K3s',
    },
    {
      path: `${manifests}/coredns.yaml`,
      class: 'packaged',
      state: 'Drifted',
      message: 'edited by uid 0 (root); being restored',
    },
    { path: `${manifests}/fairlead-traefik.yaml`, class: 'program', state: 'Current', message: '' },
  ],
  drops: [
    {
      path: `${manifests}/whoami.yaml`,
      digest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      findings: [
        {
          code: 'OBJECT_TWICE',
          line: 3,
          column: 1,
          what: 'Service default/whoami is also defined in lan.yaml',
          fix: 'keep it in one of the two files',
        },
      ],
      holdsSecret: false,
      handling: 'Report',
    },
  ],
  problems: [],
  lastHandledReconcileAt: '',
}

export const samplePass: PassRecord = {
  startedAt: '2026-11-21T08:12:04.118Z',
  durationMs: 38,
  revision: `main@sha1:${commit}`,
  author: 'Ada Lovelace',
  trigger: 'push',
  verdict: 'settled',
  reason: 'Settled',
  message: 'The node is as the revision says.',
  changes: [
    { kind: 'update', id: `file:${manifests}/fairlead-traefik.yaml`, cause: 'Revision', impact: 'PodRestart' },
    { kind: 'restore', id: `file:${manifests}/coredns.yaml`, cause: 'Drift', impact: 'None' },
  ],
}

export const samplePasses: readonly PassRecord[] = [samplePass]

export const sampleLostEdits: readonly LostEdit[] = [
  {
    path: `${manifests}/coredns.yaml`,
    digest: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
    repairedAt: '2026-11-21T08:12:04.150Z',
    cause: 'edited',
    writer: 'process 812 (vim)',
  },
]

/** A status source that tests turn by hand. */
export class FakeStatusSource implements StatusSource {
  status: StatusSnapshot | undefined = sampleStatus
  passes: readonly PassRecord[] = samplePasses
  edits: readonly LostEdit[] = sampleLostEdits
  passAtMs: number | undefined = Date.parse('2026-11-21T08:12:04.156Z')
  readonly subscribers = new Set<() => void>()

  current(): StatusSnapshot | undefined {
    return this.status
  }

  history(): Promise<readonly PassRecord[]> {
    return Promise.resolve(this.passes)
  }

  lostEdits(): Promise<readonly LostEdit[]> {
    return Promise.resolve(this.edits)
  }

  lastPassAtMs(): number | undefined {
    return this.passAtMs
  }

  subscribe(onChange: () => void): () => void {
    this.subscribers.add(onChange)
    return () => this.subscribers.delete(onChange)
  }

  change(status: Partial<StatusSnapshot>): void {
    this.status = { ...(this.status ?? sampleStatus), ...status }
    for (const subscriber of this.subscribers) subscriber()
  }
}
