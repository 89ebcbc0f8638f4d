import { assumedFacts, type Facts, type KubernetesObject, type NodeFacts } from '../domain/facts.ts'
import type { LocatedLine } from '../domain/problem.ts'
import type { EffectiveSettings, Setting } from '../k3s/config/effective-settings.ts'
import { k3sPaths } from '../k3s/locations.ts'
import { isPackagedManifest } from '../k3s/packaged-components.ts'
import { parseK3sVersion } from '../k3s/version/k3s-version.ts'
import type { LintSubject, NodeSubject, ObjectSubject, ServiceSubject, TextSubject } from '../lint/subject.ts'
import { renderFlannelConf } from '../render/flannel-conf.ts'
import { type FlagValue, k3sSettings, type RenderedSetting } from '../render/k3s-settings.ts'
import { networksOfNode } from '../render/networks-of-node.ts'
import { renderedManifests } from '../render/node-program.ts'
import type { DesiredState, ManifestSource, NodeNetwork } from '../schema/documents.ts'
import { type ManifestObject, objectsOfFile, readManifestObjects } from '../text/manifest-objects.ts'
import { serviceFactsOf } from './service-facts.ts'

/** A repository as the rules see it: what it would make of each node, and everything that it puts into the cluster. */
export function repositorySubject(desired: DesiredState, facts: Facts): LintSubject {
  const at = desired.places.clusterPlace(['spec'])
  const version = parseK3sVersion(desired.cluster.spec.k3sVersion)
  const written = [...manifestObjects(desired.manifests), ...renderedObjects(desired)]
  const objects = [...written, ...unwrittenObjects(facts, written)]
  const flannelConf = flannelConfSubject(desired)
  return {
    scope: 'repository',
    clusterName: desired.cluster.metadata.name,
    at,
    ...(version === undefined ? {} : { version }),
    nodes: subjectNodes(desired, facts).map((node) => nodeSubject(desired, node, at, flannelConf)),
    objects,
    manifests: desired.manifests,
    facts,
    services: [...servicesIn(objects), ...liveServices(facts)],
    desired,
  }
}

/** The manifests alone, where the documents beside them cannot be read. */
export function manifestsSubject(clusterDirectory: string, manifests: readonly ManifestSource[]): LintSubject {
  const name = clusterDirectory.slice(clusterDirectory.lastIndexOf('/') + 1)
  const at = { place: { file: `${clusterDirectory}/network.yaml`, line: 1, column: 1 } }
  const objects = manifestObjects(manifests)
  const world = { objects, manifests, services: servicesIn(objects), facts: { ...assumedFacts, nodes: [] } }
  return { scope: 'repository', clusterName: name, at, nodes: [], ...world }
}

/**
 * The nodes of the facts. Where nobody knows the nodes, those that NodeNetworks are written for stand beside the assumed
 * ones, so that what is said about them is looked at as well; their role is not known, and a server knows every flag.
 */
function subjectNodes(desired: DesiredState, facts: Facts): readonly NodeFacts[] {
  if (facts.origin !== 'assumed') return facts.nodes
  const spoken = desired.nodes.flatMap(({ metadata, spec }): NodeFacts[] => {
    const { names, matchLabels } = spec.nodes
    const facts = { role: 'server', addresses: [] } as const
    if (names !== undefined) return names.map((name) => ({ ...facts, name, labels: {} }))
    return [{ ...facts, name: metadata.name, labels: matchLabels ?? {} }]
  })
  const named = new Map(spoken.map((node) => [node.name, node]))
  return [...facts.nodes, ...named.values()]
}

/** The same on every node, and read once. */
function flannelConfSubject(desired: DesiredState): TextSubject | undefined {
  const conf = renderFlannelConf(desired.cluster)
  if (conf === undefined) return undefined
  return { path: conf.path, text: conf.text, at: desired.places.clusterPlace(['spec', 'cni', 'flannel']) }
}

function nodeSubject(
  desired: DesiredState,
  facts: NodeFacts,
  at: LocatedLine,
  flannelConf: TextSubject | undefined,
): NodeSubject {
  const version = parseK3sVersion(facts.k3sVersion ?? desired.cluster.spec.k3sVersion)
  const networks = networksOfNode(desired.nodes, facts)
  return {
    name: facts.name,
    role: facts.role,
    at: nodePlace(desired, facts, networks) ?? at,
    ...(version === undefined ? {} : { version }),
    facts,
    settings: settingsOf(desired, facts),
    networks,
    ...(flannelConf === undefined ? {} : { flannelConf }),
  }
}

function nodePlace(
  { cluster, places }: DesiredState,
  { name }: NodeFacts,
  networks: readonly NodeNetwork[],
): LocatedLine | undefined {
  const index = cluster.spec.nodes.findIndex((node) => node.name === name)
  if (index >= 0) return places.clusterPlace(['spec', 'nodes', index])
  const [first] = networks
  return first === undefined ? undefined : places.nodePlace(first.metadata.name, ['spec', 'nodes'])
}

function settingsOf(desired: DesiredState, node: NodeFacts): EffectiveSettings {
  return new Map(
    k3sSettings(desired, node).map((setting): [string, Setting] => {
      const texts = textsOf(setting.value)
      return [
        setting.key,
        {
          key: setting.key,
          at: placeOf(desired, setting),
          values: texts.map((text, index) => ({
            text,
            at: placeOf(desired, setting, texts.length > 1 || Array.isArray(setting.value) ? index : undefined),
            origin: 'repository',
          })),
        },
      ]
    }),
  )
}

function textsOf(value: FlagValue): readonly string[] {
  return [value].flat().map(String)
}

function placeOf({ places }: DesiredState, { from }: RenderedSetting, index?: number): LocatedLine {
  const path = index === undefined ? from.path : [...from.path, index]
  return from.document === 'ClusterNetwork' ? places.clusterPlace(path) : places.nodePlace(from.name, path)
}

function manifestObjects(manifests: readonly ManifestSource[]): ObjectSubject[] {
  return manifests.flatMap((manifest) =>
    isPackagedManifest(manifest.name) ? [] : objectSubjects(objectsOfFile(manifest), 'repository'),
  )
}

export function objectsIn(file: string, text: string, origin: ObjectSubject['origin']): ObjectSubject[] {
  return objectSubjects(readManifestObjects(file, text).objects, origin)
}

function objectSubjects(objects: readonly ManifestObject[], origin: ObjectSubject['origin']): ObjectSubject[] {
  return objects.flatMap((found): ObjectSubject[] => {
    if (found.isSecret) return []
    const object = kubernetesObject(found.value)
    return object === undefined ? [] : [{ object, at: found.locate([]), origin, place: (path) => found.locate(path) }]
  })
}

/** What Fairlead itself makes of the documents: findings about it stand at the field that it comes from. */
function renderedObjects(desired: DesiredState): ObjectSubject[] {
  return renderedManifests(desired).flatMap((file) => {
    const at = desired.places.clusterPlace(originPath(file.origin))
    return objectsIn(file.path.slice(k3sPaths.manifests.length + 1), file.text, 'rendered').map((found) => ({
      ...found,
      at,
      place: () => at,
    }))
  })
}

/**
 * What the cluster has and these files do not write. An object that they write is judged as it will be: what is wrong
 * with it now must not keep the revision out that mends it.
 */
function unwrittenObjects(facts: Facts, written: readonly ObjectSubject[]): ObjectSubject[] {
  const keys = new Set(written.map(({ object }) => objectIdentity(object)))
  return liveObjects(facts).filter(({ object }) => !keys.has(objectIdentity(object)))
}

/** Another version of the same API group is another view of the same object. */
function objectIdentity({ apiVersion, kind, metadata }: KubernetesObject): string {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return JSON.stringify([group, kind, metadata.namespace ?? 'default', metadata.name])
}

/** `spec.helmChartConfigs[2]` as a path of the document. */
function originPath(origin: string): (string | number)[] {
  const parts = origin.split(/[.[\]]+/).filter((part) => part !== '')
  return parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}

export function liveObjects(facts: Facts): ObjectSubject[] {
  return (facts.objects ?? []).map((object) => {
    const { namespace, name } = object.metadata
    const at = livePlace(namespace === undefined ? `${object.kind}/${name}` : `${object.kind}/${namespace}/${name}`)
    return { object, at, origin: 'live', place: () => at }
  })
}

export function liveServices(facts: Facts): ServiceSubject[] {
  return facts.services.map((service) => ({
    service,
    at: livePlace(`Service/${service.namespace}/${service.name}`),
    origin: 'live',
  }))
}

export function servicesIn(objects: readonly ObjectSubject[]): ServiceSubject[] {
  return objects.flatMap(({ object, at, origin }) => {
    const service = origin === 'live' ? undefined : serviceFactsOf(object)
    return service === undefined ? [] : [{ service, at, origin }]
  })
}

/** What is no file is named like a file: the place of what only the API knows. */
function livePlace(name: string): LocatedLine {
  return { place: { file: name, line: 1, column: 1 } }
}

function kubernetesObject(value: Readonly<Record<string, unknown>>): KubernetesObject | undefined {
  const { apiVersion, kind, metadata } = value
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined
  if (typeof metadata !== 'object' || metadata === null) return undefined
  const { name, namespace, labels, annotations } = metadata as Readonly<Record<string, unknown>>
  if (typeof name !== 'string') return undefined
  return {
    ...value,
    apiVersion,
    kind,
    metadata: {
      ...metadata,
      name,
      ...(typeof namespace === 'string' ? { namespace } : {}),
      labels: textRecord(labels),
      annotations: textRecord(annotations),
    },
  }
}

function textRecord(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])),
  )
}
