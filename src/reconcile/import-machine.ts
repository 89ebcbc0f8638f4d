import { type Capture, capturedObservation } from '../domain/capture.ts'
import type { Facts, NodeFacts, NodeRole } from '../domain/facts.ts'
import { Failure } from '../domain/failure.ts'
import type { HostReading } from '../domain/host.ts'
import type { NodeConfigReading } from '../domain/k3s-config-reading.ts'
import type { ObservedFile } from '../domain/observation.ts'
import { isDnsSubdomain, isK3sRelease } from '../import/field-values.ts'
import { importCluster } from '../import/import-cluster.ts'
import type { ImportedCluster, ImportedMachine } from '../import/import-input.ts'
import { variable } from '../k3s/config/environment-file.ts'
import { readNodeArgs } from '../k3s/config/node-args.ts'
import { findFlag } from '../k3s/flags/flag-catalogue.ts'
import { manifestName } from '../k3s/locations.ts'
import type { ClusterReading } from '../ports/cluster-reader-port.ts'
import { capturedConfig } from './captured-config.ts'
import { readMachineConfig } from './machine-places.ts'
import { textsOf, viewMachine } from './machine-subject.ts'

/** Where a cluster is imported from: machines, the API, a capture, or machines and one of the others. */
export interface ImportSources {
  /** Name of the cluster to be. */
  readonly name: string
  readonly hosts: readonly ImportedHost[]
  /** Machines that were read otherwise: from a cloud-init file. */
  readonly machines?: readonly ImportedMachine[]
  readonly cluster?: ClusterReading
  readonly capture?: Capture
  /** `v1.33.4+k3s1`, where nothing that is read says it. */
  readonly k3sVersion?: string
}

export interface ImportedHost {
  /** For people: the root directory. */
  readonly where: string
  readonly reading: HostReading
  /** Node name, where neither its flags nor its host name are to say it. */
  readonly name?: string
}

export interface Imported extends ImportedCluster {
  readonly k3sVersion: string
  /** Those that were looked at themselves first, in their order. */
  readonly machines: readonly { readonly name: string; readonly role: NodeRole }[]
}

/**
 * The cluster directory of what was found, from everything that was read of it. A machine whose files were read is
 * believed before what the API says that it was started with.
 * @throws Failure IMPORT_NAME_INVALID, IMPORT_NODE_TWICE, IMPORT_VERSION_UNKNOWN
 */
export function importMachines(sources: ImportSources): Imported {
  if (!isDnsSubdomain(sources.name)) throw nameInvalid(sources.name, '--name')
  const facts = factsOf(sources)
  const hosts = [...sources.hosts.map((host) => hostMachine(host, facts)), ...(sources.machines ?? [])]
  const twice = hosts.find(({ name }, index) => hosts.findIndex((other) => other.name === name) !== index)
  if (twice !== undefined) throw nodeTwice(twice.name)
  const others = (facts?.nodes ?? []).filter((node) => !hosts.some(({ name }) => name === node.name))
  const machines = [...hosts, ...others.flatMap((node) => knownMachine(node, sources.capture))]
  const k3sVersion = versionOf(sources, facts, machines)
  const imported = importCluster({
    name: sources.name,
    k3sVersion,
    machines,
    ...(facts === undefined ? {} : { facts }),
  })
  return { ...imported, k3sVersion, machines: machines.map(({ name, role }) => ({ name, role })) }
}

function factsOf({ cluster, capture }: ImportSources): Facts | undefined {
  return cluster?.facts ?? capture?.facts
}

function hostMachine({ where, reading, name }: ImportedHost, facts: Facts | undefined): ImportedMachine {
  const view = viewMachine({
    reading,
    ...(facts === undefined ? {} : { facts }),
    ...(name === undefined ? {} : { name }),
  })
  const { node } = view
  const outcome = readMachineConfig(textsOf(reading.files), reading.process)
  if (!isDnsSubdomain(node.name)) throw nameInvalid(node.name, where)
  return {
    name: node.name,
    role: node.role,
    source: 'files',
    reading: outcome.reading,
    ...(node.role === 'server' ? { manifests: manifestsIn(reading.files) } : {}),
    ...(reading.process?.startedAtMs === undefined ? {} : { startedAtMs: reading.process.startedAtMs }),
    problems: outcome.problems.filter(({ severity }) => severity !== 'notice'),
    unreadable: reading.unreadable.filter(({ path }) => manifestName(path) === undefined),
  }
}

/** A node that nobody looked at: by the files of a capture, or by what its K3s says that it was started with. */
function knownMachine(node: NodeFacts, capture: Capture | undefined): ImportedMachine[] {
  const { name, role } = node
  if (!isDnsSubdomain(name)) return []
  const files = capture === undefined ? new Map<string, ObservedFile>() : capturedObservation(capture, name).files
  const manifests = role === 'server' && files.size > 0 ? { manifests: manifestsIn(files) } : {}
  const captured = capturedConfig({ files })
  if (captured !== undefined) {
    return [{ name, role, source: 'files', reading: captured, ...manifests, problems: [], unreadable: [] }]
  }
  const reading = annotatedReading(node)
  if (reading === undefined) return []
  return [{ name, role, source: 'annotation', reading, ...manifests, problems: [], unreadable: [] }]
}

/** @see k3s-io/k3s pkg/nodeconfig/nodeconfig.go: the annotations `k3s.io/node-args` and `k3s.io/node-env` */
function annotatedReading({ name, annotations = {} }: NodeFacts): NodeConfigReading | undefined {
  const text = annotations['k3s.io/node-args']
  if (text === undefined) return undefined
  const at = { place: { file: `Node/${name}`, line: 1, column: 1 } }
  const read = readNodeArgs(text, at, (key) => {
    const type = findFlag(key)?.type
    return type === undefined ? undefined : type === 'boolean'
  })
  if (read.problems.some(({ code }) => code === 'NODE_ARGS_UNREADABLE')) return undefined
  const environment = Object.entries(textMap(annotations['k3s.io/node-env'])).map(([variableName, value]) =>
    variable(variableName, value, at),
  )
  return { files: [], ignoredFiles: [], arguments: read.arguments, environment }
}

function textMap(text: string | undefined): Readonly<Record<string, string>> {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, one]) => (typeof one === 'string' ? [[name, one]] : [])),
    )
  } catch {
    return {}
  }
}

function manifestsIn(files: ReadonlyMap<string, ObservedFile>): ReadonlyMap<string, ObservedFile> {
  return new Map(
    [...files].flatMap(([path, file]) => {
      const name = manifestName(path)
      return name === undefined ? [] : [[name, file] as const]
    }),
  )
}

/** What was told, then what the machines say, then what the API says: of servers, for agents may lag behind. */
function versionOf(sources: ImportSources, facts: Facts | undefined, machines: readonly ImportedMachine[]): string {
  const nodes = facts?.nodes ?? []
  const servers = nodes.filter(({ role }) => role === 'server')
  const found = [
    sources.k3sVersion,
    ...sources.hosts.map(({ reading }) => reading.installedVersion),
    ...machines.map((machine) => machine.k3sVersion),
    ...servers.map((node) => node.k3sVersion),
    sources.cluster?.serverVersion,
    ...nodes.map((node) => node.k3sVersion),
  ].find((version) => version !== undefined)
  if (found !== undefined && isK3sRelease(found)) return found
  const message =
    found === undefined
      ? `nothing of what was read says which release of K3s ${machines.length === 1 ? 'the machine' : 'the cluster'} runs`
      : `${JSON.stringify(found)} is no release of K3s`
  throw importFailure('IMPORT_VERSION_UNKNOWN', message, '--k3s-version', 'say it with --k3s-version v1.33.4+k3s1')
}

function nameInvalid(name: string, where: string): Failure {
  const fix = 'use small letters, digits, dashes and dots; --name is for the cluster, --node for the machine'
  return importFailure('IMPORT_NAME_INVALID', `${JSON.stringify(name)} is no name in Kubernetes`, where, fix)
}

function nodeTwice(name: string): Failure {
  const fix = 'name them with --node one,other, in the order of --host-root'
  return importFailure('IMPORT_NODE_TWICE', `two machines are both called ${name}`, '--host-root', fix)
}

function importFailure(code: string, message: string, where: string, fix: string): Failure {
  return new Failure(message, { code, where, fix, retry: 'never' })
}
