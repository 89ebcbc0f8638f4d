import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { openFileEvents } from '../../src/adapters/disk/file-events.ts'
import { openNodeFiles } from '../../src/adapters/disk/node-files.ts'
import { type NodeState, openNodeState } from '../../src/adapters/disk/node-state.ts'
import { openGitSource } from '../../src/adapters/git/git-source.ts'
import { openHostReader } from '../../src/adapters/host/host-reader.ts'
import { openK3sProcess } from '../../src/adapters/k3s-process/k3s-process.ts'
import { createPrometheusMetrics } from '../../src/adapters/metrics/prometheus-metrics.ts'
import { openSopsSecrets } from '../../src/adapters/sops/sops-secrets.ts'
import type { StatusSnapshot } from '../../src/domain/status.ts'
import type { LogPort } from '../../src/ports/log-port.ts'
import { machinePlaces } from '../../src/reconcile/machine-places.ts'
import { Reconciler, type ReconcilerPorts, type ReconcilerSettings } from '../../src/reconcile/reconciler.ts'
import { repositorySource } from '../../src/reconcile/repository-source.ts'
import { createTestRepository, type TestRepository } from './git-client.ts'
import { type GitServer, startGitServer } from './git-http-server.ts'

export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A machine of its own below a temporary root, with the real loop and adapters, and a real Git server beside it. */
export interface TestMachine {
  readonly directory: string
  readonly root: string
  readonly manifests: string
  readonly repository: TestRepository
  readonly server: GitServer
  readonly state: NodeState
  readonly log: readonly LoggedLine[]
  /** Commits, pushes and tells the loop, as a webhook would. */
  push(files: Parameters<TestRepository['push']>[0]): Promise<string>
  start(settings?: Partial<ReconcilerSettings>, ports?: Partial<ReconcilerPorts>): Reconciler
  /** Ends the loop that `start` began; it may be started again. */
  stop(): Promise<void>
  adopt(): Promise<void>
  /** Content of a file as K3s sees it; undefined when there is none. */
  read(path: string): string | undefined
  statusUntil(isAsWanted: (status: StatusSnapshot) => boolean): Promise<StatusSnapshot>
  /** Ends everything and removes the directory. */
  close(): Promise<void>
}

/** One cluster `home`; `spec` is YAML, indented by two. */
export function networkYaml(spec = ''): string {
  return `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata: { name: home }
spec:
  k3sVersion: v1.33.4+k3s1
${spec}`
}

export const networkFile = 'clusters/home/network.yaml'

export async function createMachine(): Promise<TestMachine> {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-machine-'))
  const [root, gitRoot] = [join(directory, 'root'), join(directory, 'git')]
  await mkdir(root, { recursive: true })
  await mkdir(gitRoot, { recursive: true })
  const repository = await createTestRepository(gitRoot)
  const server = await startGitServer({ root: gitRoot })
  const lines: LoggedLine[] = []
  const log = recordingLog(lines)
  const stateDirectory = join(root, 'var/lib/fairlead')
  const state = openNodeState({ stateDirectory, log })
  let running: { readonly reconciler: Reconciler; readonly ended: Promise<void> } | undefined

  const machine: TestMachine = {
    directory,
    root,
    manifests: join(root, 'var/lib/rancher/k3s/server/manifests'),
    repository,
    server,
    state,
    log: lines,
    async push(files) {
      const commit = await repository.push(files)
      running?.reconciler.trigger('webhook')
      return commit
    },
    start(settings = {}, ports = {}) {
      const git = openGitSource({
        url: server.url('network.git'),
        reference: { kind: 'branch', name: 'main' },
        storeDirectory: join(stateDirectory, 'git'),
        timeoutMs: 5_000,
        log,
      })
      const facts = {
        origin: 'live',
        nodes: [{ name: 'pi-1', role: 'server', labels: {}, addresses: [] }],
        services: [],
      } as const
      const reconciler = new Reconciler(
        {
          cluster: undefined,
          node: 'pi-1',
          engine: 'auto',
          placeFlags: false,
          intervalMs: 30_000,
          resync: undefined,
          ...settings,
        },
        {
          files: openNodeFiles({ root, log }),
          state,
          k3s: openK3sProcess({ root }),
          host: openHostReader({ root, findPlaces: machinePlaces }),
          clock: systemClock(),
          secrets: openSopsSecrets(join(stateDirectory, 'age.key')),
          log,
          metrics: createPrometheusMetrics('test'),
          source: repositorySource({ cluster: undefined, facts, node: 'pi-1' }, git, log),
          git,
          events: openFileEvents({ root, stateDirectory, log }),
          ...ports,
        },
      )
      running = { reconciler, ended: reconciler.run() }
      return reconciler
    },
    async stop() {
      running?.reconciler.stop()
      await running?.ended
      running = undefined
    },
    adopt: () =>
      state.writeAdoption({ cluster: 'home', node: 'pi-1', adoptedAt: '2026-03-01T12:00:00Z', takenOver: {} }),
    read(path) {
      try {
        return readFileSync(join(root, path), 'utf8')
      } catch {
        return undefined
      }
    },
    statusUntil: (isAsWanted) => statusUntil(() => running?.reconciler.reporter.current(), isAsWanted),
    async close() {
      await machine.stop()
      await server.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  return machine
}

/** Asks every 5 ms, for ten seconds at the most; says what was there instead. */
export async function eventually(isTrue: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`not within ten seconds: ${what}`)
    await sleep(5)
  }
}

async function statusUntil(
  current: () => StatusSnapshot | undefined,
  isAsWanted: (status: StatusSnapshot) => boolean,
): Promise<StatusSnapshot> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const status = current()
    if (status !== undefined && isAsWanted(status)) return status
    if (Date.now() > deadline) throw new Error(`status within ten seconds: ${JSON.stringify(status, null, 1)}`)
    await sleep(5)
  }
}

function recordingLog(lines: LoggedLine[]): LogPort {
  const at =
    (level: LoggedLine['level']): LogPort['info'] =>
    (fields, message) => {
      lines.push({ level, message, fields })
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
