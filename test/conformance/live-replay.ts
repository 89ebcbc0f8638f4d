import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { openManifestFiles } from '../../src/adapters/disk/manifest-files.ts'
import { gzipCodec } from '../../src/adapters/kube/applied-codec.ts'
import type { KubernetesObject } from '../../src/domain/facts.ts'
import { asRecord, type Json, textIn } from '../../src/domain/plain-json.ts'
import { parseK3sVersion } from '../../src/k3s/version/k3s-version.ts'
import { deployRules } from '../../src/plan/deploy/deploy-rules.ts'
import { type DeployMemory, freshMemory } from '../../src/plan/deploy/file-gates.ts'
import { faithful } from '../../src/plan/deploy/safeguards.ts'
import type { KnownKinds } from '../../src/plan/deploy/served-kinds.ts'
import { componentLists, isStaged } from '../../src/plan/deploy/staging.ts'
import type { KubeEvent, KubeObjectsPort, LiveObject, ObjectRef } from '../../src/ports/kube-objects-port.ts'
import { runDeployPass } from '../../src/reconcile/deploy/run-deploy-pass.ts'
import { isOfScenario, liveObject, observedAddon, observedChart, observedConfigMap } from './observed-objects.ts'
import type { Observation, ScenarioStep } from './recording.ts'
import { packagedAssets, stockContent } from './stock-files.ts'

const release = 'v1.21.2+k3s1'
const dataDirectory = '/var/lib/rancher'
const base = `${dataDirectory}/k3s/server/manifests`
const signal = new AbortController().signal

/** The recorded server once more, with a real disk below `root` and a real API server. */
export class LiveReplay {
  /** What the two files that share an Addon could have been seen to do during the last step. */
  readonly seen: Observation[] = []
  readonly failures = new Map<string, string>()
  readonly #root: string
  readonly #objects: KubeObjectsPort
  readonly #watched: KubeObjectsPort
  readonly #events: KubeEvent[] = []
  #memory: DeployMemory = freshMemory
  #known: KnownKinds = new Map()
  #disabled: readonly string[] = []

  constructor(root: string, objects: KubeObjectsPort) {
    this.#root = root
    this.#objects = objects
    this.#watched = this.#noting(objects)
    mkdirSync(root + base, { recursive: true })
  }

  async run({ step, ops, restart }: ScenarioStep): Promise<void> {
    for (const op of ops) await this.#perform(op)
    if (step === '00-start' || restart !== undefined) this.#start(restart ?? [])
    this.seen.length = 0
    this.seen.push(await this.observe())
    for (const _pass of [1, 2, 3]) {
      await this.#pass()
      await this.#playControllers()
    }
  }

  /** SHA-256 is asked of this. */
  content(path: string): Uint8Array {
    return readFileSync(`${this.#root}${base}/${path}`)
  }

  async observe(): Promise<Observation> {
    const [addons, configMaps, charts, definitions, widgets] = await Promise.all([
      this.#list('k3s.cattle.io/v1', 'Addon'),
      this.#list('v1', 'ConfigMap'),
      this.#list('helm.cattle.io/v1', 'HelmChart'),
      this.#list('apiextensions.k8s.io/v1', 'CustomResourceDefinition'),
      this.#list('lab.example.com/v1', 'Widget'),
    ])
    const isOfTest = ({ metadata }: LiveObject): boolean => !metadata.name.endsWith('.cattle.io')
    return {
      directory: this.#listing(),
      addons: addons.map(observedAddon),
      configMaps: configMaps.filter(isOfScenario).map(observedConfigMap),
      customResources: [...definitions.filter(isOfTest), ...widgets].map(
        ({ kind, metadata }) => `${kind} ${metadata.name}`,
      ),
      helmCharts: charts.map(observedChart),
      events: [...this.#events],
    }
  }

  async #pass(): Promise<void> {
    const version = parseK3sVersion(release)
    if (version === undefined) throw new Error(release)
    const ports = {
      files: openManifestFiles({ root: this.#root }),
      objects: this.#watched,
      events: { record: (event: KubeEvent) => void this.#events.push(event) },
    }
    const outcome = await runDeployPass(
      {
        disabled: this.#disabled,
        memory: this.#memory,
        scope: 'all',
        known: this.#known,
        rules: deployRules(version),
        safeguards: faithful,
        codec: gzipCodec,
      },
      ports,
      signal,
    )
    this.#memory = outcome.memory
    for (const error of outcome.errors) {
      const [, path = '', message = ''] = /^failed to \w+ ([^:]+): (.*)$/s.exec(error) ?? []
      this.failures.set(path, message)
    }
  }

  /** The Helm controller, whose jobs never finish in the recording, and the server itself, which serves a new kind soon. */
  async #playControllers(): Promise<void> {
    for (const { apiVersion, kind, metadata } of await this.#list('helm.cattle.io/v1', 'HelmChart')) {
      if (metadata['finalizers'] !== undefined || metadata['deletionTimestamp'] !== undefined) continue
      const ref = { apiVersion, kind, namespace: String(metadata.namespace), name: metadata.name }
      const finalizers = ['wrangler.cattle.io/helm-controller']
      await this.#objects.patch(ref, 'merge', { metadata: { finalizers } }, {}, signal)
    }
    const [definition] = (await this.#list('apiextensions.k8s.io/v1', 'CustomResourceDefinition')).filter(
      ({ metadata }) => metadata.name === 'widgets.lab.example.com',
    )
    const widget = { apiVersion: 'lab.example.com/v1', kind: 'Widget' }
    while (definition !== undefined && (await this.#objects.resource(widget, signal)) === undefined) {
      await new Promise((resume) => setTimeout(resume, 50))
    }
  }

  async #list(apiVersion: string, kind: string): Promise<readonly LiveObject[]> {
    if ((await this.#objects.resource({ apiVersion, kind }, signal)) === undefined) return []
    return (await this.#objects.list({ apiVersion, kind }, signal)).items
  }

  /** After every write to what the clashing files fight over, that is looked at. */
  #noting(objects: KubeObjectsPort): KubeObjectsPort {
    const note = async <T>(name: string, work: Promise<T>): Promise<T> => {
      const result = await work
      if (name.startsWith('s14-')) this.seen.push(await this.observe())
      return result
    }
    return {
      ...objects,
      create: (object: KubernetesObject, options, s) => note(object.metadata.name, objects.create(object, options, s)),
      replace: (object: KubernetesObject, options, s) =>
        note(object.metadata.name, objects.replace(object, options, s)),
      patch: (ref: ObjectRef, form, patch, options, s) => note(ref.name, objects.patch(ref, form, patch, options, s)),
      delete: (ref: ObjectRef, options, s) => note(ref.name, objects.delete(ref, options, s)),
    }
  }

  #start(args: readonly string[]): void {
    const version = parseK3sVersion(release)
    if (version === undefined) throw new Error(release)
    const disable = args.filter((_argument, index) => args[index - 1] === '--disable')
    const reading = componentLists({ disable, noDeploy: [], disableCloudController: false }, version)
    if (reading.kind === 'fatal') throw new Error('the server would not start')
    for (const asset of packagedAssets()) {
      if (isStaged(asset, reading.lists.skipped)) this.#write(`${base}/${asset}`, stockContent(asset))
    }
    this.#disabled = reading.lists.disabled
    this.#memory = freshMemory
    this.#known = new Map()
    this.failures.clear()
  }

  async #perform(op: Json): Promise<void> {
    const path = `${base}/${String(op['path'])}`
    const text = textIn(op['text']) ?? ''
    const [kind, name] = liveObject(op)
    const ref = { apiVersion: kind === 'Addon' ? 'k3s.cattle.io/v1' : 'v1', kind, name }
    const namespace = kind === 'Addon' ? 'kube-system' : 'default'
    const actions: Readonly<Record<string, () => unknown>> = {
      write: () => this.#write(path, 'base64' in op ? Buffer.from(String(op['base64']), 'base64') : text),
      'write-outside': () => this.#write(`${dataDirectory}/${String(op['path'])}`, text),
      symlink: () => this.#link(path, `${dataDirectory}/${String(op['to'])}`),
      remove: () => rmSync(this.#root + path),
      touch: () => this.#touch(path),
      replace: () => this.#write(path, stockContent(String(op['path'])).replace('rbac:', 'rbac2:')),
      append: () => this.#write(path, `${stockContent(String(op['path']))}${text}`),
      chmod: () => chmodSync(this.#root + path, 0o644),
      'patch-live': () => this.#objects.patch({ ...ref, namespace }, 'merge', asRecord(op['patch']), {}, signal),
      'delete-live': () => this.#objects.delete({ ...ref, namespace }, {}, signal),
    }
    const action = actions[String(op['op'])]
    if (action === undefined) throw new Error(`the scenario asks for ${String(op['op'])}`)
    await action()
  }

  #write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(this.#root + path), { recursive: true })
    writeFileSync(this.#root + path, content)
  }

  #touch(path: string): void {
    closeSync(openSync(this.#root + path, 'a'))
    utimesSync(this.#root + path, new Date(), new Date())
  }

  #link(path: string, to: string): void {
    mkdirSync(dirname(this.#root + path), { recursive: true })
    symlinkSync(to, this.#root + path)
  }

  #listing(): readonly string[] {
    const all: string[] = []
    const walk = (below: string): void => {
      for (const name of readdirSync(join(this.#root + base, below))) {
        const path = below === '' ? name : `${below}/${name}`
        const at = join(this.#root + base, path)
        const stats = lstatSync(at)
        if (stats.isSymbolicLink()) all.push(`l ${path} -> ${readlinkSync(at)}`)
        else all.push(`${stats.isDirectory() ? 'd' : 'f'} ${path}`)
        if (stats.isDirectory()) walk(path)
      }
    }
    walk('')
    return all.sort()
  }
}
