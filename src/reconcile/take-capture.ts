import type { Capture, CapturedEntry, CapturedFile } from '../domain/capture.ts'
import type { Facts, KubernetesObject, NodeFacts } from '../domain/facts.ts'
import type { HostReading } from '../domain/host.ts'
import type { Inventory } from '../domain/inventory.ts'
import { mentionsSecretKey } from '../domain/k3s-config-reading.ts'
import type { NodeObservation, ObservedFile } from '../domain/observation.ts'
import { k3sPaths, locationOf, manifestName } from '../k3s/locations.ts'
import { sha256Hex } from '../text/digest.ts'
import { readManifestObjects } from '../text/manifest-objects.ts'
import { maskedConfig } from '../text/masked-config.ts'
import { lineOfSecretValue, openValue } from '../text/secret-values.ts'
import { readMachineConfig } from './machine-places.ts'
import { textsOf } from './machine-subject.ts'
import { maskedService } from './masked-service.ts'
import { openObject, openTexts } from './open-object.ts'
import type { NodeConfigOutcome } from './read-node-config.ts'

export interface CaptureSources {
  /** The cluster, as its directory below `clusters/` is called. */
  readonly name: string
  /** ISO 8601. */
  readonly capturedAt: string
  readonly fairleadVersion: string
  /** Of the living API; absent where nobody asked it. */
  readonly facts?: Facts
  readonly machine?: CapturedMachine
}

export interface CapturedMachine {
  readonly facts: NodeFacts
  readonly reading: HostReading
  /** The places that Fairlead writes to. */
  readonly observation: NodeObservation
  readonly inventory: Inventory
}

/**
 * Facts and observations in a document, so that a plan can be made somewhere else. No secret is in it: the values of
 * secret flags and variables are masked, and files that hold a Secret, or look as if they did, have a digest and no text.
 */
export function takeCapture({ name, capturedAt, fairleadVersion, facts, machine }: CaptureSources): Capture {
  const node = machine?.facts.name
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'Capture',
    metadata: { name, capturedAt, fairleadVersion },
    facts: openFacts(facts ?? { origin: 'capture', nodes: machine === undefined ? [] : [machine.facts], services: [] }),
    observations: machine === undefined || node === undefined ? {} : { [node]: { files: filesOf(machine) } },
    inventories:
      machine === undefined || node === undefined ? {} : { [node]: { entries: entriesOf(machine.inventory) } },
  }
}

function openFacts(facts: Facts): Facts {
  return {
    ...facts,
    origin: 'capture',
    nodes: facts.nodes.map(openAnnotations),
    services: facts.services.map(openAnnotations),
    ...(facts.objects === undefined ? {} : { objects: facts.objects.filter(isNoSecret).map(openObject) }),
  }
}

function openAnnotations<T extends { readonly annotations?: Readonly<Record<string, string>> }>(facts: T): T {
  const { annotations } = facts
  return annotations === undefined ? facts : { ...facts, annotations: openTexts(annotations) }
}

function isNoSecret({ kind }: KubernetesObject): boolean {
  return kind !== 'Secret'
}

/** Digests of what was about to be written and never was say nothing to a plan. */
function entriesOf({ entries }: Inventory): readonly CapturedEntry[] {
  return [...entries.values()]
    .filter(({ digest }) => digest !== '')
    .map((entry) => ({
      path: entry.id.slice('file:'.length),
      digest: entry.digest,
      revision: entry.revision,
      class: entry.class,
    }))
    .sort(byPath)
}

function filesOf({ reading, observation, inventory }: CapturedMachine): readonly CapturedFile[] {
  const outcome = readMachineConfig(textsOf(reading.files), reading.process)
  const secretPaths = new Set(
    [...inventory.entries.values()].filter((one) => one.holdsSecret === true).map(({ id }) => id.slice('file:'.length)),
  )
  const files = new Map([...reading.files, ...observation.files])
  const captured = [...files.values()]
    .filter(({ path }) => isAbsolute(path))
    .map((file) => capturedFile(file, outcome, secretPaths.has(file.path)))
  return withSameReading(captured, reading, outcome).sort(byPath)
}

function capturedFile(file: ObservedFile, outcome: NodeConfigOutcome, isSecret: boolean): CapturedFile {
  const { path, type, mode, digest, text } = file
  const rest = { path, type, mode }
  const open = text === undefined || isSecret ? undefined : openText(path, text, outcome)
  if (open !== undefined) return { ...rest, text: open, digest: sha256Hex(open) }
  // The digest of a file of settings says what is in it to whoever can guess the rest.
  return digest === undefined || manifestName(path) === undefined ? rest : { ...rest, digest }
}

function openText(path: string, text: string, outcome: NodeConfigOutcome): string | undefined {
  // Fairlead's own, from a repository that holds no secret.
  if (locationOf(path) === 'k3s-config') return text
  if (path === outcome.location.path || path.startsWith(`${outcome.location.dropInDirectory}/`)) {
    return maskedConfig(path, text)
  }
  if (isService(path)) return maskedService(path, text, outcome)
  if (manifestName(path) === undefined) return mayHoldSecret(text) ? undefined : text
  const { objects } = readManifestObjects(path, text)
  if (objects.some((object) => object.isSecret) || lineOfSecretValue(text) !== undefined) return undefined
  return text.includes('Secret') && objects.length === 0 ? undefined : text
}

function mayHoldSecret(text: string): boolean {
  return mentionsSecretKey(text) || lineOfSecretValue(text) !== undefined
}

function isService(path: string): boolean {
  return /\/systemd\/system\/k3s|^\/etc\/(init\.d|default|sysconfig|conf\.d)\/k3s|\.env$/.test(path)
}

/**
 * Where the masked files would not tell K3s what the machine's own do, those of the service have no text: a plan that is
 * made without them says less, and nothing wrong.
 */
function withSameReading(
  captured: readonly CapturedFile[],
  { process }: HostReading,
  { reading }: NodeConfigOutcome,
): CapturedFile[] {
  const texts = new Map(captured.flatMap(({ path, text }) => (text === undefined ? [] : [[path, text] as const])))
  const again = readMachineConfig(texts, process).reading
  const told = (one: NodeConfigOutcome['reading']): string =>
    JSON.stringify([
      one.arguments.map(({ key, text }) => [key, openValue(key, text)]),
      one.environment.map(({ name, value }) => [name, openValue(name, value)]),
      // A file that cannot be read has no text, and no flags on the machine either.
      one.files.flatMap(({ path, entries }) =>
        texts.has(path) ? [[path, entries.map(({ key, appends }) => [key, appends])]] : [],
      ),
    ])
  if (told(again) === told(reading)) return [...captured]
  const isConfig = (path: string): boolean => isService(path) || path.startsWith(k3sPaths.config)
  return captured.map((file) => {
    if (!isConfig(file.path) || locationOf(file.path) !== undefined) return file
    const { path, type, mode } = file
    return { path, type, mode }
  })
}

/** As a capture takes paths. */
function isAbsolute(path: string): boolean {
  return /^(\/[^/\p{Cc}]{1,255})+$/u.test(path)
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}
