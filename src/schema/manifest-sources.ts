import type { Place, Problem } from '../domain/problem.ts'
import { isDeployable } from '../k3s/manifest-rules.ts'
import { type ManifestObject, manifestBytes, readManifestObjects } from '../text/manifest-objects.ts'
import { decodeUtf8 } from '../text/utf8.ts'
import type { ManifestSource } from './documents.ts'
import { encryptedManifestProblems } from './encrypted-manifest.ts'
import { joinPath } from './repository-entries.ts'
import { type RepositoryFiles, readEntry } from './repository-files.ts'

/** Everything in the cluster directory's `manifests/`, with what keeps it from being placed on servers. */
export function readManifestSources(
  files: RepositoryFiles,
  clusterDirectory: string,
): { readonly manifests: readonly ManifestSource[]; readonly problems: readonly Problem[] } {
  const directory = joinPath(clusterDirectory, 'manifests')
  const manifests: ManifestSource[] = []
  const problems: Problem[] = []
  for (const entry of files.below(directory)) {
    const bytes = readEntry(entry, manifestBytes)
    if ('code' in bytes) {
      problems.push(bytes)
      continue
    }
    const name = entry.path.slice(directory.length + 1)
    const decoded = decodeUtf8(bytes)
    let isEncrypted = false
    let objects: readonly ManifestObject[] = []
    if (isDeployable(name)) {
      const read = readManifestObjects(entry.path, bytes)
      problems.push(...read.problems, ...read.objects.flatMap((object) => secretProblem(object) ?? []))
      objects = read.objects
      isEncrypted = objects.some((object) => object.isEncrypted)
      if (isEncrypted && 'text' in decoded) problems.push(...encryptedManifestProblems(entry.path, decoded.text))
    }
    if ('text' in decoded) {
      manifests.push({ name, text: decoded.text, file: entry.path, objects, ...(isEncrypted ? { isEncrypted } : {}) })
    } else if (!isDeployable(name)) problems.push(notText({ file: entry.path, line: 1, column: 1 }))
  }
  return { manifests, problems }
}

function secretProblem(object: ManifestObject): Problem | undefined {
  // Looked at value by value, since a sops block alone encrypts nothing.
  if (object.isEncrypted || !object.holdsSecretData) return undefined
  return {
    code: 'PLAIN_SECRET',
    severity: 'error',
    place: object.place,
    what: `Secret ${object.name} stands in the repository in plain text`,
    why: 'everyone who can read the repository, or its history, can read it',
    fix: 'change the secret itself, and encrypt the file with sops to the age keys of the servers, or take it out',
  }
}

function notText(place: Place): Problem {
  return {
    code: 'INVALID_UTF8',
    severity: 'error',
    place,
    what: 'the file is not UTF-8 text',
    why: 'manifests/ holds what K3s deploys, which is text',
    fix: 'take it out of manifests/',
  }
}
