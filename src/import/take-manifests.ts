import type { ObservedFile } from '../domain/observation.ts'
import type { Problem } from '../domain/problem.ts'
import { k3sPaths, locationOf } from '../k3s/locations.ts'
import { addonName, disabledBy, isDeployable, isSkipMarker, isValidAddonName } from '../k3s/manifest-rules.ts'
import { objectKey } from '../k3s/object-key.ts'
import { holdsPackaged, isPackagedManifest } from '../k3s/packaged-components.ts'
import { type ManifestObject, manifestBytes, readManifestObjects } from '../text/manifest-objects.ts'
import { lineOfSecretValue } from '../text/secret-values.ts'
import { type ImportedMachine, type ImportNote, namesOf } from './import-input.ts'

interface TakenManifests {
  /** By name, byte for byte. */
  readonly manifests: ReadonlyMap<string, string>
  readonly notes: readonly ImportNote[]
}

/**
 * What somebody put into the manifests directories of the servers, as it is. Left where they are: what K3s ships,
 * what may hold a secret, what K3s itself cannot deploy, and files that fight over an Addon or an object.
 *
 * @param disabled items of K3s's `disable` list
 */
export function takeManifests(machines: readonly ImportedMachine[], disabled: readonly string[]): TakenManifests {
  const servers = machines.filter((machine) => machine.role === 'server' && machine.manifests !== undefined)
  const names = new Set(servers.flatMap(({ manifests = new Map<string, ObservedFile>() }) => [...manifests.keys()]))
  const notes: ImportNote[] = []
  const candidates: Candidate[] = []
  for (const name of [...names].filter((one) => !isPackagedManifest(one) && !holdsPackaged(one)).sort()) {
    const copies = servers.flatMap((server) => {
      const file = server.manifests?.get(name)
      return file === undefined ? [] : [{ server: server.name, file }]
    })
    const [first] = copies
    if (first === undefined) continue
    const read = readCandidate(name, first.file, disabled)
    const objection = contentObjection(copies) ?? ('objection' in read ? read.objection : undefined)
    if (objection !== undefined) notes.push({ what: `${k3sPaths.manifests}/${name}`, why: objection })
    if (objection !== undefined || 'objection' in read) continue
    candidates.push(read)
    if (copies.length < servers.length) {
      notes.push({
        what: `manifests/${name} is on ${namesOf(copies.map(({ server }) => server))} alone`,
        why: 'Fairlead keeps every file on every server: the plan of the others places it',
      })
    }
  }
  const fights = findFights(candidates)
  const fighting = new Set(fights.flatMap((fight) => fight.names))
  return {
    manifests: new Map(candidates.flatMap(({ name, text }) => (fighting.has(name) ? [] : [[name, text] as const]))),
    notes: [...notes, ...fights.map(({ names: both, why }) => ({ what: namesOf(both), why }))],
  }
}

interface Candidate {
  readonly name: string
  readonly text: string
  readonly objects: readonly { readonly key: string; readonly shown: string }[]
}

/** Files that undo each other, in groups; nobody but their owner knows which of them is meant. */
function findFights(candidates: readonly Candidate[]): { readonly names: readonly string[]; readonly why: string }[] {
  const [addons, objects] = [new Map<string, string[]>(), new Map<string, { shown: string; names: string[] }>()]
  for (const candidate of candidates) {
    const { name } = candidate
    if (isSkipMarker(name)) continue
    addons.set(addonName(name), [...(addons.get(addonName(name)) ?? []), name])
    for (const { key, shown } of candidate.objects) {
      objects.set(key, { shown, names: [...(objects.get(key)?.names ?? []), name] })
    }
  }
  return [
    ...[...addons].flatMap(([addon, names]) =>
      names.length < 2
        ? []
        : [
            {
              names,
              why: `K3s makes one Addon ${addon} of them, and each undoes the other; rename one to have them taken`,
            },
          ],
    ),
    ...[...objects.values()].flatMap(({ shown, names }) =>
      new Set(names).size < 2
        ? []
        : [{ names, why: `each defines ${shown}, and whichever K3s applies last wins; keep one to have it taken` }],
    ),
  ]
}

interface Copy {
  readonly server: string
  readonly file: ObservedFile
}

function contentObjection(copies: readonly Copy[]): string | undefined {
  const digests = new Set(copies.map(({ file }) => file.digest))
  if (digests.size < 2) return undefined
  const servers = namesOf(copies.map(({ server }) => server))
  return `it is not the same on ${servers}, and K3s on each applies its own; make them equal, then put the file into manifests/`
}

/** What a file holds, or why it is not taken and what becomes of it. Nothing of its text is shown. */
function readCandidate(
  name: string,
  file: ObservedFile,
  disabled: readonly string[],
): Candidate | { readonly objection: string } {
  const { text } = file
  if (file.type === 'directory') return { objection: 'it is a directory; put the files in it into manifests/ yourself' }
  if (file.type !== 'file') return { objection: `it is no plain file (${file.type}); put the file itself there` }
  if (text === undefined) return { objection: `it cannot be read: ${file.unreadable ?? 'no text'}` }
  if (file.sizeBytes > manifestBytes) return { objection: 'it is larger than a manifest may be; left on the server' }
  const objection = nameObjection(name, disabled)
  if (objection !== undefined) return { objection }
  // K3s never reads a marker, and what somebody left in it may be a secret.
  if (isSkipMarker(name)) return { name, text: '', objects: [] }
  if (text.trim() === '') return { objection: 'it is empty; left on the server' }
  const { objects, problems } = readManifestObjects(name, text)
  const refused = textObjection(text, objects, problems)
  if (refused !== undefined) return { objection: refused }
  return { name, text, objects: objects.map((one) => ({ key: objectKey(one), shown: `${one.kind} ${one.name}` })) }
}

function nameObjection(name: string, disabled: readonly string[]): string | undefined {
  const isMarker = isSkipMarker(name)
  if (!isMarker && !isDeployable(name)) {
    return 'K3s does not deploy it: it is hidden, or no .yaml, .yml or .json; left on the server'
  }
  if (locationOf(`${k3sPaths.manifests}/${name}`) === undefined) {
    return 'a name in manifests/ has letters, digits, dots, dashes and underscores alone; rename it to have it taken'
  }
  if (isMarker) return undefined
  const addon = addonName(name)
  if (addon.startsWith('fairlead-')) return 'its name is one of those that Fairlead renders from network.yaml'
  if (!isValidAddonName(addon)) {
    return `K3s cannot deploy it, for ${JSON.stringify(addon)} is no name of an Addon; rename it with small letters, digits and dashes`
  }
  const item = disabledBy(name, disabled)
  return item === undefined
    ? undefined
    : `K3s deletes it, for ${JSON.stringify(item)} is on its disable list; rename it to have it taken`
}

function textObjection(
  text: string,
  objects: readonly ManifestObject[],
  problems: readonly Problem[],
): string | undefined {
  if (objects.some((object) => object.isSecret)) {
    return 'it holds a Secret, which must not stand in a repository; left on the server'
  }
  if (objects.some((object) => object.isEncrypted)) return 'it is encrypted with SOPS; left on the server'
  const line = lineOfSecretValue(text)
  if (line !== undefined) return `line ${line} may hold a secret; left on the server`
  const error = problems.find(({ severity }) => severity === 'error')
  if (error === undefined) return undefined
  return `K3s cannot deploy it: line ${error.place.line}: ${error.what}; left on the server`
}
