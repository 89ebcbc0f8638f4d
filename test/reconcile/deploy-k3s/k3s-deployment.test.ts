import { expect, describe as group, test } from 'vitest'
import type { FileArtefact } from '../../../src/domain/artefact.ts'
import type { DeployedObjects } from '../../../src/domain/deployed-objects.ts'
import type { Failure } from '../../../src/domain/failure.ts'
import type { K3sProcess, PristineSet } from '../../../src/domain/status.ts'
import type { DeployedObjectsPort } from '../../../src/ports/deployed-objects-port.ts'
import type { LiveObject } from '../../../src/ports/kube-objects-port.ts'
import { K3sDeployment } from '../../../src/reconcile/deploy-k3s/k3s-deployment.ts'
import type { RemovalsInput } from '../../../src/reconcile/deploy-k3s/k3s-removals.ts'
import type { DeployedNode } from '../../../src/reconcile/manifest-deployment.ts'
import { file, inventory, manifests, observation, observed, program } from '../../lab/planning.ts'
import { recordingLog } from '../../lab/recording-log.ts'
import { addon, failure, live, second } from '../../plan/k3s-engine/deployed.ts'
import { deployed, FakeObjects, kubeFailure } from './fake-objects.ts'

const signal = new AbortController().signal
const [lan, old] = [`${manifests}/lan.yaml`, `${manifests}/old.yaml`]
const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lan}\n'

/** A server, its API and its clock, all in hand. */
class Server {
  isNamed = true
  live: DeployedObjects | undefined = live({ addons: [addon('lan', text)] })
  interruption: Failure | undefined
  inventory: RemovalsInput['inventory'] = inventory({ [lan]: text })
  files = [observed(lan, text)]
  nowMs = Date.UTC(2026, 0, 1)
  opened = 0
  closed = 0
  readonly objects: FakeObjects
  pristine: PristineSet | undefined
  process: K3sProcess | undefined
  readonly written: string[] = []
  readonly slept: number[] = []
  readonly deployment = new K3sDeployment({
    api: { isNamed: () => this.isNamed, open: () => Promise.resolve(this.#open()) },
    files: {
      observe: () => Promise.resolve(observation(...this.files)),
      writeFile: (path) => {
        this.written.push(path)
        return Promise.resolve(true)
      },
    },
    state: {
      readInventory: () => Promise.resolve(this.inventory),
      readPristine: () => Promise.resolve(this.pristine),
    },
    k3s: { current: () => Promise.resolve(this.process) },
    clock: {
      nowMs: () => this.nowMs,
      monotonicMs: () => this.nowMs,
      sleep: (ms) => {
        this.slept.push(ms)
        return Promise.resolve()
      },
      schedule: () => () => undefined,
    },
    log: recordingLog(),
    metrics: { passEnded: () => undefined },
  })

  constructor(...objects: readonly LiveObject[]) {
    this.objects = new FakeObjects(...objects)
  }

  pass(files: readonly FileArtefact[] = [file(lan, text)]): ReturnType<K3sDeployment['pass']> {
    this.nowMs += 1_000
    return this.deployment.pass(nodeOf(files), signal)
  }

  verdict(files: readonly FileArtefact[] = [file(lan, text)]): ReturnType<K3sDeployment['verdictOn']> {
    return this.deployment.verdictOn(nodeOf(files).program)
  }

  #open(): Awaited<ReturnType<ConstructorParameters<typeof K3sDeployment>[0]['api']['open']>> {
    this.opened += 1
    return {
      deployed: deployedOf(this),
      objects: this.objects,
      version: () => Promise.resolve('v1.33.4+k3s1'),
      close: () => {
        this.closed += 1
        return Promise.resolve()
      },
    }
  }
}

function deployedOf(server: Server): DeployedObjectsPort {
  return {
    start: () => undefined,
    get interruption() {
      return server.interruption
    },
    read: () => Promise.resolve(server.live),
  }
}

function nodeOf(files: readonly FileArtefact[]): DeployedNode {
  const revision = { name: 'main@sha1:1', commit: '1', author: '', subject: '' }
  const adoption = { cluster: 'home', node: 'pi-1', adoptedAt: '2026-01-01T00:00:00Z', takenOver: {} }
  return { program: { program: program(files), revision }, adoption }
}

group('beside a K3s', () => {
  test('nothing is said where nobody named its API', async () => {
    const server = new Server()
    server.isNamed = false
    expect(await server.pass()).toBe('none')
    expect(server.opened).toBe(0)
    expect(server.verdict()).toBeUndefined()
    expect(server.deployment.status).toBeUndefined()
    expect(server.deployment.progressOf(old)).toBeUndefined()
  })

  test('what nobody looked at yet is no success', async () => {
    const server = new Server()
    expect(server.verdict()).toMatchObject({ kind: 'pending', reason: 'Progressing' })
    server.live = undefined
    expect(await server.pass()).toBe('told')
    expect(server.verdict()).toMatchObject({ kind: 'pending', reason: 'Progressing' })
    expect(server.deployment.nextRun()).toBe(2_000)
  })

  test('what is applied is settled, told once, and looked at again within a minute', async () => {
    const server = new Server()
    expect(await server.pass()).toBe('told')
    expect(await server.pass()).toBe('none')
    expect(server.verdict()).toMatchObject({ kind: 'settled', reason: 'Applied' })
    expect(server.deployment.nextRun()).toBe(60_000)
    expect(server.opened).toBe(1)
  })

  test('a newer program is not settled by what was seen of the one before', async () => {
    const server = new Server()
    await server.pass()
    expect(server.verdict([file(lan, `${text}data: {}\n`)])).toMatchObject({ reason: 'Progressing' })
  })

  test('without the API the status stays, and says since when, in words that do not move', async () => {
    const server = new Server()
    await server.pass()
    server.interruption = kubeFailure('KUBE_UNREACHABLE')
    expect(await server.pass()).toBe('told')
    const away = server.verdict()
    expect(away).toMatchObject({ kind: 'pending', reason: 'KUBE_UNREACHABLE' })
    expect(away?.message).toContain('since 2026-01-01T00:00:02Z')
    expect(await server.pass()).toBe('none')
    expect(server.verdict()).toEqual(away)
    expect(server.deployment.status?.manifests.map(({ state }) => state)).toEqual(['Applied'])
    server.interruption = undefined
    expect(await server.pass()).toBe('told')
    expect(server.verdict()).toMatchObject({ kind: 'settled' })
    expect(server.opened).toBe(1)
  })

  test('another certificate may be another server: its API is opened again', async () => {
    const server = new Server()
    await server.pass()
    server.interruption = kubeFailure('KUBE_TLS')
    await server.pass()
    expect(server.closed).toBe(1)
    server.interruption = undefined
    await server.pass()
    expect(server.opened).toBe(2)
  })

  test('changes that come together are looked at together', async () => {
    const server = new Server()
    await server.pass()
    server.nowMs -= 900
    await server.pass()
    expect(server.slept).toEqual([150])
  })
})

group('how far a removal is', () => {
  async function afterPass(): Promise<Server> {
    const server = new Server()
    server.inventory = inventory({ [lan]: text, [old]: '' })
    server.files = [observed(lan, text), observed(old, '')]
    server.live = live({ addons: [addon('lan', text), addon('old', 'data')] })
    await server.pass()
    return server
  }

  test('is told of manifests alone', async () => {
    const server = await afterPass()
    expect(server.deployment.progressOf('/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml')).toBeUndefined()
    expect(server.deployment.progressOf(old)).toBe('waiting')
  })

  test('is waiting for what was emptied after the last look', async () => {
    expect((await afterPass()).deployment.progressOf(`${manifests}/just-now.yaml`)).toBe('waiting')
  })

  test('is told as soon as it is pruned, once', async () => {
    const server = await afterPass()
    expect(server.deployment.nextRun()).toBe(15_000)
    server.live = live({ addons: [addon('lan', text), addon('old', '')] })
    expect(await server.pass()).toBe('pruned')
    expect(server.deployment.progressOf(old)).toBe('pruned')
    expect(server.objects.deleted).toEqual(['Addon old'])
    server.live = live({ addons: [addon('lan', text)] })
    expect(await server.pass()).toBe('none')
    expect(server.deployment.progressOf(old)).toBe('pruned')
  })

  test('stays as it was while the API is away', async () => {
    const server = await afterPass()
    server.interruption = kubeFailure('KUBE_UNREACHABLE')
    server.nowMs += 3_600_000
    await server.pass()
    expect(server.deployment.progressOf(old)).toBe('waiting')
  })

  test('is waiting for a minute where the API was not reached since the start, then time decides', async () => {
    const server = new Server()
    server.live = undefined
    await server.pass()
    expect(server.deployment.progressOf(old)).toBe('waiting')
    server.nowMs += 60_000
    expect(server.deployment.progressOf(old)).toBeUndefined()
  })
})

group('a manifest that took objects over from one that is gone', () => {
  const { entries } = inventory({ [lan]: text, [old]: '' })
  const kinds = [{ apiVersion: 'v1', kind: 'ConfigMap' }]
  const left = [...entries].map(
    ([id, entry]) => [id, id.endsWith('old.yaml') ? { ...entry, digest: '', moved: 'before', kinds } : entry] as const,
  )

  function moved(state: 'applied' | 'pending'): Server {
    const server = new Server(deployed('old', 'ConfigMap', 'lan'))
    server.inventory = { entries: new Map(left) }
    const lanAddon = addon('lan', state === 'applied' ? text : 'before')
    server.live = live({ addons: [lanAddon, addon('old', 'before')] })
    return server
  }

  test('is applied again by K3s where another server took them back, once in ten minutes', async () => {
    const server = moved('applied')
    await server.pass()
    await server.pass()
    expect(server.objects.patched).toEqual([
      ['Addon lan', { metadata: { resourceVersion: '7' }, spec: { checksum: '' } }],
    ])
    expect(server.written).toEqual([lan])
    expect(server.objects.deleted).toEqual([])
    expect(server.verdict()).toMatchObject({ kind: 'pending', reason: 'ManifestsPending' })
  })

  test('is waited for until K3s has applied it', async () => {
    const server = moved('pending')
    await server.pass()
    expect([server.objects.patched, server.written, server.objects.deleted]).toEqual([[], [], []])
  })
})

group('a content that came back after another one failed', () => {
  const coredns = `${manifests}/coredns.yaml`
  const identity = { pid: 1, startTicks: '1', binaryDigest: 'a', bootId: 'b' }

  function reverted(pid: number): Server {
    const server = new Server()
    server.files = [observed(lan, text), observed(coredns, 'stock')]
    server.pristine = { identity, files: { [coredns]: 'stock' } }
    server.process = { identity: { ...identity, pid }, startedAtMs: 0, upForMs: 0, args: [] }
    server.live = live({
      addons: [addon('lan', text), addon('coredns', 'stock')],
      words: [failure('lan', second(11)), failure('coredns', second(11))],
    })
    return server
  }

  test('is looked at by K3s again, ours and its own', async () => {
    const server = reverted(1)
    await server.pass()
    expect(server.objects.patched).toEqual([
      ['Addon lan', { metadata: { resourceVersion: '7' }, spec: { checksum: '' } }],
      ['Addon coredns', { metadata: { resourceVersion: '7' }, spec: { checksum: '' } }],
    ])
    expect(server.written).toEqual([lan, coredns])
    expect(server.deployment.status?.warnings.map(({ code, path }) => [code, path])).toEqual([
      ['REVERT_AFTER_FAILURE', coredns],
      ['REVERT_AFTER_FAILURE', lan],
    ])
  })

  test('is not looked at again and again while another server fails with its own', async () => {
    const server = reverted(1)
    await server.pass()
    await server.pass()
    expect(server.written).toHaveLength(2)
    server.nowMs += 600_000
    await server.pass()
    expect(server.written).toHaveLength(4)
  })

  test('of a packaged file judges nobody', async () => {
    const server = reverted(1)
    server.live = live({
      addons: [addon('lan', text), addon('coredns', 'stock')],
      words: [failure('coredns', second(11))],
    })
    await server.pass()
    expect(server.deployment.status?.manifests.map(({ path, state }) => [path, state])).toEqual([
      [coredns, 'Failed'],
      [lan, 'Applied'],
    ])
    expect(server.verdict()).toMatchObject({ kind: 'settled' })
  })

  test('is left alone where another K3s staged it, and where its files are only reported on', async () => {
    const other = reverted(2)
    await other.pass()
    expect(other.written).toEqual([lan])
    const report = reverted(1)
    const files = [file(lan, text)]
    await report.deployment.pass(
      {
        ...nodeOf(files),
        program: {
          ...nodeOf(files).program,
          program: program(files, { drift: { packagedFiles: 'Report', drops: 'Allow' } }),
        },
      },
      signal,
    )
    expect(report.written).toEqual([lan])
  })

  test('is not written anew when its Addon was written meanwhile, or may not be', async () => {
    for (const code of ['KUBE_STALE', 'KUBE_DENIED']) {
      const server = reverted(1)
      server.objects.refusals.set('Addon lan', code)
      await server.pass()
      expect(server.written).toEqual([coredns])
    }
  })

  test('is not written anew when the disk has another content by now', async () => {
    const server = reverted(1)
    server.files = [observed(lan, 'edited')]
    await server.pass()
    expect(server.objects.patched).toEqual([])
    expect(server.written).toEqual([])
  })
})
