import { asList, asRecord, type Json, textIn } from '../../src/domain/plain-json.ts'
import type {
  ClusterAnswer,
  ClusterRefusal,
  ClusterRequest,
  ServedKind,
} from '../../src/plan/deploy/cluster-request.ts'
import { mergeShape } from '../../src/plan/deploy/merge-shapes.ts'
import { sameJson } from '../../src/plan/deploy/same-json.ts'
import { applyPatch } from './apply-patch.ts'
import { conflict, immutableChange, invalid, invalidName, notFound, notServed, refused } from './refusals.ts'
import { builtInKinds } from './served-kinds.ts'

/** An API server in memory; `map-api.md` beside it says what it does. */
export class MapApi {
  readonly counts = new Map<string, number>()
  onWrite: () => void = () => {}
  /** Answers in place of the server, for a request that is to fail. */
  refuse: (request: ClusterRequest) => ClusterRefusal | undefined = () => undefined
  readonly #helm: 'none' | 'stuck'
  readonly #objects = new Map<string, Json>()
  #version = 1
  #names = 0

  constructor({ helm = 'none' }: { readonly helm?: 'none' | 'stuck' } = {}) {
    this.#helm = helm
    for (const name of ['default', 'kube-system']) {
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
      this.answer({ verb: 'create', of: this.#kind('v1', 'Namespace'), namespace: '', object })
    }
    this.counts.clear()
  }

  discover(groupVersion: string, name: string): ServedKind | ClusterRefusal {
    return this.#kinds().find((kind) => kind.groupVersion === groupVersion && kind.kind === name) ?? notServed
  }

  answer(request: ClusterRequest): ClusterAnswer {
    this.counts.set(request.verb, (this.counts.get(request.verb) ?? 0) + 1)
    const refusal = this.refuse(request)
    if (refusal !== undefined) return refusal
    const served = this.#kinds().some((kind) => sameJson(kind, request.of))
    if (!served) return notServed
    const before = this.#version
    const answer = this.#answer(request)
    if (this.#version !== before) this.onWrite()
    return answer
  }

  /** Objects of a kind as `namespace/name`, in their order. */
  names(kind: string): readonly string[] {
    return this.objects(kind).map(({ metadata }) => {
      const { namespace, name } = asRecord(metadata)
      return `${textIn(namespace) ?? ''}/${textIn(name) ?? ''}`
    })
  }

  objects(kind: string): readonly Json[] {
    return [...this.#objects]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, object]) => (object['kind'] === kind ? [object] : []))
  }

  object(kind: string, name: string): Json | undefined {
    return this.objects(kind).find(({ metadata }) => asRecord(metadata)['name'] === name)
  }

  /** As somebody else would: by a merge patch that no one watches. */
  edit(kind: string, name: string, patch: Json): void {
    const [key, object] = this.#find(kind, name)
    this.#objects.set(key, this.#stamped(applyPatch(object, patch, {})))
  }

  drop(kind: string, name: string): void {
    this.#objects.delete(this.#find(kind, name)[0])
  }

  add(object: Json): void {
    const of = this.#kind(String(object['apiVersion']), String(object['kind']))
    const answer = this.answer({
      verb: 'create',
      of,
      namespace: textIn(asRecord(object['metadata'])['namespace']) ?? '',
      object,
    })
    if (!answer.ok) throw new Error(answer.message)
  }

  #answer(request: ClusterRequest): ClusterAnswer {
    if (request.verb === 'list') {
      const [label = '', value = ''] = request.labelSelector.split('=')
      const items = this.objects(request.of.kind).filter(
        ({ metadata }) => asRecord(asRecord(metadata)['labels'])[label] === value,
      )
      return { ok: true, items }
    }
    if (request.verb === 'create') return this.#create(request.of, request.namespace, request.object)
    const key = keyOf(request.of, request.namespace, request.name)
    const live = this.#objects.get(key)
    if (live === undefined) return notFound(request.of, request.name)
    if (request.verb === 'get') return { ok: true, object: live }
    if (request.verb === 'delete') return this.#delete(key, live)
    if (request.verb === 'update') {
      const { resourceVersion } = asRecord(request.object['metadata'])
      if (resourceVersion !== asRecord(live['metadata'])['resourceVersion']) return conflict(request.of, request.name)
      return this.#store(request.of, key, live, request.object)
    }
    const [group = ''] = request.of.groupVersion.includes('/') ? request.of.groupVersion.split('/') : []
    const shape = mergeShape({ group, version: '', kind: request.of.kind })
    if (request.patchType === 'strategic' && shape === undefined)
      return refused(415, 'UnsupportedMediaType', 'no such patch')
    return this.#store(
      request.of,
      key,
      live,
      applyPatch(live, request.patch, request.patchType === 'merge' ? {} : (shape ?? {})),
    )
  }

  #create(of: ServedKind, namespace: string, object: Json): ClusterAnswer {
    if (of.namespaced && !this.#objects.has(`/namespaces//${namespace}`)) {
      return refused(404, 'NotFound', `namespaces "${namespace}" not found`)
    }
    const metadata = asRecord(object['metadata'])
    const { generateName, ...rest } = metadata
    const made =
      textIn(generateName) === undefined ? {} : { generateName, name: `${String(generateName)}${this.#suffix()}` }
    const name = textIn(metadata['name']) ?? textIn(made.name)
    if (name === undefined) return invalid(of, '', 'metadata.name: Required value: name or generateName is required')
    if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) return invalidName(of, name)
    const key = keyOf(of, namespace, name)
    if (this.#objects.has(key)) return refused(409, 'AlreadyExists', `${pluralGroup(of)} "${name}" already exists`)
    const data = Object.values(asRecord(object['data']))
    if (of.kind === 'ConfigMap' && data.some((value) => typeof value !== 'string')) {
      return refused(400, 'BadRequest', `${of.kind} in version "${of.groupVersion}" cannot be handled as a ConfigMap`)
    }
    const finalizers =
      this.#helm === 'stuck' && of.kind === 'HelmChart'
        ? { finalizers: ['wrangler.cattle.io/on-helm-chart-remove'] }
        : {}
    const stored = this.#stamped({
      ...object,
      metadata: {
        ...rest,
        ...made,
        ...finalizers,
        name,
        uid: `uid-${this.#version}`,
        creationTimestamp: '2026-01-01T00:00:00Z',
      },
    })
    this.#objects.set(key, stored)
    return { ok: true, object: stored }
  }

  #store(of: ServedKind, key: string, live: Json, next: Json): ClusterAnswer {
    const name = textIn(asRecord(live['metadata'])['name']) ?? ''
    const change = immutableChange(of.kind, live, next)
    if (change !== undefined) return invalid(of, name, change)
    if (sameJson(live, next)) return { ok: true, object: live }
    const stored = this.#stamped(next)
    this.#objects.set(key, stored)
    return { ok: true, object: stored }
  }

  #delete(key: string, live: Json): ClusterAnswer {
    this.#version += 1
    if (asList(asRecord(live['metadata'])['finalizers']).length > 0) {
      const marked = this.#stamped(applyPatch(live, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }, {}))
      this.#objects.set(key, marked)
      return { ok: true, object: marked }
    }
    const { plural } = asRecord(asRecord(live['spec'])['names'])
    for (const other of [...this.#objects.keys()]) {
      const [, otherPlural, namespace] = other.split('/')
      const inNamespace = live['kind'] === 'Namespace' && namespace === asRecord(live['metadata'])['name']
      const ofDefinition = live['kind'] === 'CustomResourceDefinition' && otherPlural === plural
      if (other === key || inNamespace || ofDefinition) this.#objects.delete(other)
    }
    return { ok: true, object: live }
  }

  #kinds(): readonly ServedKind[] {
    const custom = this.objects('CustomResourceDefinition').flatMap(({ spec }) => {
      const { group, names, scope, versions } = asRecord(spec)
      const { kind, plural } = asRecord(names)
      return asList(versions).map((version) => ({
        groupVersion: `${String(group)}/${String(asRecord(version)['name'])}`,
        kind: String(kind),
        plural: String(plural),
        namespaced: scope === 'Namespaced',
      }))
    })
    return [...builtInKinds, ...custom]
  }

  #kind(groupVersion: string, kind: string): ServedKind {
    const found = this.#kinds().find((served) => served.groupVersion === groupVersion && served.kind === kind)
    if (found === undefined) throw new Error(`${groupVersion} ${kind} is not served`)
    return found
  }

  #find(kind: string, name: string): readonly [string, Json] {
    const found = [...this.#objects].find(
      ([, { kind: own, metadata }]) => own === kind && asRecord(metadata)['name'] === name,
    )
    if (found === undefined) throw new Error(`there is no ${kind} ${name}`)
    return found
  }

  #stamped(object: Json): Json {
    this.#version += 1
    return { ...object, metadata: { ...asRecord(object['metadata']), resourceVersion: String(this.#version) } }
  }

  #suffix(): string {
    this.#names += 1
    return this.#names.toString(36).padStart(5, 'x')
  }
}

function keyOf(of: ServedKind, namespace: string, name: string): string {
  const group = of.groupVersion.includes('/') ? of.groupVersion.split('/')[0] : ''
  return `${group}/${of.plural}/${namespace}/${name}`
}

function pluralGroup({ groupVersion, plural }: ServedKind): string {
  return groupVersion.includes('/') ? `${plural}.${groupVersion.split('/')[0]}` : plural
}
