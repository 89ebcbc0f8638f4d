import type { Facts, NodeFacts, NodeRole } from '../domain/facts.ts'
import type { HostReading } from '../domain/host.ts'
import type { ObservedFile } from '../domain/observation.ts'
import type { Problem } from '../domain/problem.ts'
import { annotatedSettings } from '../k3s/config/annotated-settings.ts'
import { type EffectiveSettings, effectiveSettings, isSwitchedOn, scalarOf } from '../k3s/config/effective-settings.ts'
import { isDeployable, isSkipMarker } from '../k3s/manifest-rules.ts'
import { isPackagedManifest } from '../k3s/packaged-components.ts'
import { parseK3sVersion } from '../k3s/version/k3s-version.ts'
import type { LintSubject, ManifestSubject, NodeSubject, TextSubject } from '../lint/subject.ts'
import { readManifestObjects } from '../text/manifest-objects.ts'
import { liveObjects, liveServices, objectsIn, servicesIn } from './lint-repository.ts'
import { dataDirectoryOf, readMachineConfig } from './machine-places.ts'
import type { NodeConfigOutcome } from './read-node-config.ts'

export interface MachineInput {
  readonly reading: HostReading
  /** Of the living cluster that the machine belongs to. */
  readonly facts?: Facts
  /** What the machine is called in its cluster; found in its flags and its host name unless told. */
  readonly name?: string
  readonly role?: NodeRole
  /** `v1.33.4+k3s1`, for a disk whose K3s cannot be asked. */
  readonly version?: string
}

export interface MachineView {
  readonly subject: LintSubject
  /** The machine itself; it is the first node of the subject as well. */
  readonly node: NodeSubject
  /** What is wrong with the files as they were read: units, files of variables, YAML, manifests. */
  readonly problems: readonly Problem[]
  /** Configuration that is there and could not be read: while there is some, the flags are not known. */
  readonly unreadConfig: HostReading['unreadable']
  /** Whether anything of a K3s was found: a process, the binary, its service, configuration or data. */
  readonly hasK3s: boolean
}

/** One machine as the rules see it: its files, its kernel, and the cluster around it where that was read. */
export function viewMachine(input: MachineInput): MachineView {
  const { reading, facts } = input
  const texts = textsOf(reading.files)
  const outcome = readMachineConfig(texts, reading.process)
  const settings = effectiveSettings(outcome.reading)
  const dataDirectory = dataDirectoryOf(outcome.reading)
  const known = knownNode(input, settings)
  const role = known?.role ?? outcome.role ?? input.role ?? 'server'
  const name = known?.name ?? input.name ?? nodeNameOf(reading, settings)
  const version = parseK3sVersion(input.version ?? reading.installedVersion ?? known?.k3sVersion ?? '')
  const at = { place: { file: name, line: 1, column: 1 } }
  const nodeFacts: NodeFacts = known ?? { name, role, labels: {}, addresses: [] }
  const node: NodeSubject = {
    name,
    role,
    at,
    ...(version === undefined ? {} : { version }),
    facts: nodeFacts,
    settings,
    config: outcome.reading,
    networks: [],
    host: reading,
    ...namedText(reading, settings, 'flannel-conf', 'flannelConf'),
    ...namedText(reading, settings, 'flannel-cni-conf', 'flannelCniConf'),
  }
  const manifests = manifestsBelow(reading.files, `${dataDirectory}/server/manifests`)
  const worldly: Facts = facts ?? { origin: 'assumed', nodes: [nodeFacts], services: [] }
  const objects = [...manifestObjects(manifests), ...liveObjects(worldly)]
  return {
    subject: {
      scope: 'machine',
      clusterName: name,
      at,
      ...(version === undefined ? {} : { version }),
      nodes: [node, ...otherNodes(worldly, name)],
      objects,
      manifests,
      facts: worldly,
      services: [...servicesIn(objects), ...liveServices(worldly)],
    },
    node,
    problems: [...outcome.problems, ...(role === 'server' ? manifestProblems(manifests) : [])],
    unreadConfig: unreadConfig(reading, outcome),
    hasK3s: hasK3s(reading, outcome.location.path, dataDirectory),
  }
}

export function textsOf(files: ReadonlyMap<string, ObservedFile>): ReadonlyMap<string, string> {
  return new Map([...files].flatMap(([path, { text }]) => (text === undefined ? [] : [[path, text] as const])))
}

/** K3s lower-cases the host name when nobody tells it a node name. */
function nodeNameOf(reading: HostReading, settings: EffectiveSettings): string {
  return scalarOf(settings, 'node-name')?.text ?? reading.hostName?.toLowerCase() ?? 'this-machine'
}

/** With `with-node-id` the name has eight more characters, which stand in a file that only root may read. */
function knownNode({ facts, name, reading }: MachineInput, settings: EffectiveSettings): NodeFacts | undefined {
  const own = name ?? nodeNameOf(reading, settings)
  const found = facts?.nodes.find((node) => node.name === own)
  if (found !== undefined || !isSwitchedOn(settings, 'with-node-id')) return found
  const candidates = facts?.nodes.filter((node) => node.name.slice(0, -9) === own && /-[0-9a-f]{8}$/.test(node.name))
  return candidates?.length === 1 ? candidates[0] : undefined
}

/** Nodes of which the API tells what their K3s was started with; of the others nothing is known. */
function otherNodes(facts: Facts, own: string): NodeSubject[] {
  return facts.nodes.flatMap((other): NodeSubject[] => {
    const settings = other.name === own ? undefined : annotatedSettings(other)
    if (settings === undefined) return []
    const version = parseK3sVersion(other.k3sVersion ?? '')
    return [
      {
        name: other.name,
        role: other.role,
        at: { place: { file: `Node/${other.name}`, line: 1, column: 1 } },
        ...(version === undefined ? {} : { version }),
        facts: other,
        settings,
        networks: [],
      },
    ]
  })
}

function namedText<Key extends 'flannelConf' | 'flannelCniConf'>(
  reading: HostReading,
  settings: EffectiveSettings,
  flag: string,
  key: Key,
): Partial<Record<Key, TextSubject>> {
  const path = scalarOf(settings, flag)?.text
  const text = path === undefined ? undefined : reading.files.get(path)?.text
  if (path === undefined || text === undefined) return {}
  const found: Partial<Record<string, TextSubject>> = {
    [key]: { path, text, at: { place: { file: path, line: 1, column: 1 } } },
  }
  return found
}

/** Files in the manifests directory, with the markers among them, which are empty. */
export function manifestsBelow(files: ReadonlyMap<string, ObservedFile>, directory: string): ManifestSubject[] {
  return [...files.values()].flatMap(({ path, type, text }) => {
    if (type !== 'file' || text === undefined || !path.startsWith(`${directory}/`)) return []
    const name = path.slice(directory.length + 1)
    return [{ name, text, file: path, ...(isPackagedManifest(name) ? { isPackaged: true } : {}) }]
  })
}

/** What K3s deploys: a marker `x.yaml.skip` anywhere keeps it from every `x.yaml`. */
export function manifestObjects(manifests: readonly ManifestSubject[]): LintSubject['objects'] {
  return deployed(manifests).flatMap(({ file, text }) => objectsIn(file, text, 'machine'))
}

/**
 * What keeps K3s from applying them: files that are no YAML, templates that nobody filled in, objects without a name.
 * K3s's own are left out: it writes them anew at every start.
 */
export function manifestProblems(manifests: readonly ManifestSubject[]): Problem[] {
  return deployed(manifests).flatMap(({ file, text, isPackaged }) =>
    isPackaged === true ? [] : readManifestObjects(file, text).problems,
  )
}

function deployed(manifests: readonly ManifestSubject[]): readonly ManifestSubject[] {
  const skipped = new Set(manifests.map(({ name }) => baseName(name)).filter(isSkipMarker))
  return manifests.filter(({ name }) => isDeployable(name) && !skipped.has(`${baseName(name)}.skip`))
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

/** A wrong mount, and a machine that K3s was never installed on, have none of this. */
function hasK3s(reading: HostReading, configFile: string, dataDirectory: string): boolean {
  const { files, process: running, installedVersion, installedBinary } = reading
  if (running !== undefined || installedVersion !== undefined || installedBinary !== undefined) return true
  return [...files.keys()].some(
    (path) => path === configFile || traceOfK3s.test(path) || path.startsWith(`${dataDirectory}/`),
  )
}

const traceOfK3s =
  /^\/etc\/rancher\/k3s\/|\/k3s(-agent)?\.service(\.env$|\.d\/|$)|^\/etc\/(init\.d|conf\.d|default|sysconfig)\/k3s(-agent)?$/

/** A file of the drop-in directory that K3s would not read is not missed. */
function unreadConfig(
  { unreadable }: HostReading,
  { location, environmentFiles }: NodeConfigOutcome,
): HostReading['unreadable'] {
  return unreadable.filter(({ path }) => {
    if (path === location.path || path === location.dropInDirectory || environmentFiles.includes(path)) return true
    if (path.startsWith(`${location.dropInDirectory}/`)) return /\.ya?ml$/i.test(path)
    return serviceFile.test(path)
  })
}

const serviceFile = /\/k3s(-agent)?\.service(\.d|\.d\/[^/]+\.conf)?$|^\/etc\/init\.d\/k3s(-agent)?$/
