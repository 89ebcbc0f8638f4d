import type { Facts, KubernetesObject } from '../domain/facts.ts'
import { withoutTrailingSlashes } from '../domain/plain-path.ts'
import { firstDropIns } from '../k3s/config/release-reading.ts'
import { k3sPaths } from '../k3s/locations.ts'
import { objectKey } from '../k3s/object-key.ts'
import { isPackagedManifest } from '../k3s/packaged-components.ts'
import { parseK3sVersion } from '../k3s/version/k3s-version.ts'
import { reaches } from '../k3s/version/release-floors.ts'
import { readManifestObjects } from '../text/manifest-objects.ts'
import type { MachineFlags } from './found-flags.ts'
import { type ImportedMachine, type ImportInput, type ImportNote, namesOf } from './import-input.ts'

/** What stands around the flags and could not be expressed, or was not looked at. */
export function clusterNotes(input: ImportInput, flags: readonly MachineFlags[]): ImportNote[] {
  return [
    ...unseenNotes(input),
    ...placeNotes(input, flags),
    ...input.machines.flatMap((machine) => machine.unreadable.map((one) => unreadable(machine, one))),
    ...input.machines.flatMap(({ problems }) => problems.map(problemNote)),
    ...editedPackaged(input),
    ...objectNotes(input),
  ]
}

function unseenNotes({ machines, facts }: ImportInput): ImportNote[] {
  const notes: ImportNote[] = []
  if (!machines.some(({ role }) => role === 'server')) {
    notes.push({ what: 'what the servers are told', why: 'none of them was looked at; import one as well' })
  }
  const unseen = (facts?.nodes ?? []).filter((node) => !machines.some(({ name }) => name === node.name))
  if (unseen.length > 0) {
    notes.push({
      what: `what K3s on ${namesOf(unseen.map((node) => node.name))} is told`,
      why: 'neither its files were read, nor does the API tell; look at the plan of each before it is applied',
    })
  }
  const annotated = machines.filter(({ source, role }) => source === 'annotation' && role === 'server')
  if (annotated.length > 0 && !machines.some(({ manifests }) => manifests !== undefined)) {
    notes.push({
      what: 'the files in the manifests directory',
      why: 'the API does not hold them; import with --host-root on a server as well',
    })
  }
  return notes
}

/** Fairlead writes flags to one place; a K3s that does not read it there is only looked at. */
function placeNotes({ machines, k3sVersion }: ImportInput, flags: readonly MachineFlags[]): ImportNote[] {
  const version = parseK3sVersion(k3sVersion)
  const notes: ImportNote[] = []
  if (version !== undefined && !reaches(firstDropIns, version)) {
    notes.push({
      what: `K3s ${k3sVersion} has no config.yaml.d`,
      why: 'Fairlead compares flags and cannot write them before K3s 1.21; files in that folder are not read',
    })
  }
  for (const { name, reading } of machines) {
    const main = reading.files.find(({ path }) => path !== k3sPaths.config && !/\.d\/[^/]+$/.test(path))
    if (main !== undefined) {
      notes.push({
        what: `K3s on ${name} reads ${main.path}`,
        why: `drop-ins of Fairlead go to ${k3sPaths.configDropIns}, which it does not read; move the file to ${k3sPaths.config}`,
      })
    }
    if (reading.files.some(({ path }) => path === k3sPaths.managedDropIn)) {
      notes.push({
        what: `${k3sPaths.managedDropIn} on ${name}`,
        why: 'Fairlead wrote it for a repository that there is already; what it says is part of this one',
      })
    }
  }
  for (const { name, settings } of flags) {
    const [directory] = settings.get('data-dir')?.values.slice(-1) ?? []
    if (directory === undefined || withoutTrailingSlashes(directory.text) === k3sPaths.dataDir) continue
    notes.push({
      what: `data-dir ${directory.text} on ${name}`,
      why: `Fairlead keeps manifests in ${k3sPaths.manifests}; those of this server are not looked after`,
    })
  }
  return notes
}

function unreadable({ name }: ImportedMachine, { path, reason }: { readonly path: string; readonly reason: string }) {
  return { what: `${path} on ${name}`, why: `it cannot be read: ${reason}; what it says is not in here` }
}

function problemNote({ place, what, why }: ImportedMachine['problems'][number]): ImportNote {
  return { what: `${place.file}:${place.line}: ${what}`, why }
}

/** K3s writes its files when it starts, within seconds. */
const stagedWithinMs = 5 * 60_000

/** Packaged files are K3s's; an edit of one is seen by its Addon, or by its time. */
function editedPackaged({ machines, facts }: ImportInput): ImportNote[] {
  const checksums = new Map((facts?.objects ?? []).flatMap(addonChecksum))
  return machines.flatMap(({ name: machine, manifests, startedAtMs }) =>
    [...(manifests ?? [])].flatMap(([name, file]): ImportNote[] => {
      if (!isPackagedManifest(name)) return []
      const checksum = checksums.get(addonOf(name))
      const isLater = startedAtMs !== undefined && file.modifiedAtMs > startedAtMs + stagedWithinMs
      const differs = checksum !== undefined && file.digest !== undefined && checksum !== file.digest
      if (!isLater && !differs) return []
      return [
        {
          what: `${k3sPaths.manifests}/${name} on ${machine} seems to be edited`,
          why: 'K3s overwrites it at its next start; write what is wanted as values or as a manifest of its own',
        },
      ]
    }),
  )
}

function addonOf(name: string): string {
  return name.replace(/^.*\//, '').replace(/\..*$/, '')
}

function addonChecksum(object: KubernetesObject): [string, string][] {
  if (object.kind !== 'Addon' || !object.apiVersion.startsWith('k3s.cattle.io/')) return []
  const spec: unknown = object['spec']
  const checksum = typeof spec === 'object' && spec !== null && 'checksum' in spec ? spec.checksum : undefined
  return typeof checksum === 'string' && checksum !== '' ? [[object.metadata.name, checksum]] : []
}

/** Charts, overrides and DNS zones that live in the API and in no file: nothing would bring them back. */
function objectNotes({ machines, facts }: ImportInput): ImportNote[] {
  const defined = new Set(definedKeys(machines, facts))
  const alone = (facts?.objects ?? []).filter((object) => isConfiguration(object) && !defined.has(keyOf(object)))
  return alone.map(({ kind, metadata }) => ({
    what: `${kind} ${metadata.namespace ?? 'default'}/${metadata.name}`,
    why: 'it is in the API and in no file that was read; put its manifest into manifests/ to have it kept',
  }))
}

function isConfiguration({ apiVersion, kind, metadata }: KubernetesObject): boolean {
  if (apiVersion === 'v1') return kind === 'ConfigMap' && metadata.name === 'coredns-custom'
  if (!apiVersion.startsWith('helm.cattle.io/')) return false
  // Those that K3s ships come from its own files.
  return kind === 'HelmChartConfig' || (kind === 'HelmChart' && !/^traefik(-crd)?$/.test(metadata.name))
}

function definedKeys(machines: readonly ImportedMachine[], facts: Facts | undefined): string[] {
  const files = machines.flatMap(({ manifests }) => [...(manifests ?? [])])
  const inFiles = files.flatMap(([name, { text }]) =>
    text === undefined ? [] : readManifestObjects(name, text).objects.map(objectKey),
  )
  // Of an Addon whose file nobody read it is known that there is one.
  const ofAddons = (facts?.objects ?? []).flatMap((object) =>
    object.metadata.annotations?.['objectset.rio.cattle.io/owner-gvk']?.includes('Addon') === true &&
    machines.some(({ manifests }) => manifests !== undefined)
      ? [keyOf(object)]
      : [],
  )
  return [...inFiles, ...ofAddons]
}

function keyOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const { namespace, name } = metadata
  return objectKey({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) })
}
