import type { Problem } from '../domain/problem.ts'
import { isEncryptedText } from '../text/sops/encrypted-text.ts'
import { ruleByNames } from '../text/sops/named-keys.ts'
import type { IsEncryptedBelow } from '../text/sops/open-tree.ts'
import { readSopsMetadata } from '../text/sops/sops-metadata.ts'
import { readTypedFile, type TypedFile, type TypedTree, valueAt } from '../text/sops/typed-tree.ts'

/**
 * What can be told of a SOPS file without its key: that its block can be worked with, and that no Secret in it stands in
 * the clear. The values themselves are verified where they are decrypted.
 */
export function encryptedManifestProblems(file: string, text: string): readonly Problem[] {
  const read = readTypedFile(file, text)
  if (read.problems.length > 0) return read.problems
  const metadata = readSopsMetadata(read.documents)
  if (!metadata.ok) return [{ ...metadata.error, severity: 'error', place: { file, line: 1, column: 1 } }]
  const secrets = read.documents.flatMap((document) => plainSecrets(document, read))
  if (secrets.length > 0) return secrets
  const isEncryptedBelow = ruleByNames(metadata.value.rule)
  if (isEncryptedBelow === undefined) return []
  return read.documents.flatMap((document) => leftPlain(document, [], isEncryptedBelow, read))
}

/** Values that sops would have encrypted: somebody wrote them without it. */
function leftPlain(
  tree: TypedTree,
  path: readonly string[],
  isEncryptedBelow: IsEncryptedBelow,
  read: TypedFile,
): Problem[] {
  if (tree.kind === 'list') return tree.items.flatMap((item) => leftPlain(item, path, isEncryptedBelow, read))
  if (tree.kind === 'map') {
    const entries = path.length === 0 ? tree.entries.filter(({ key }) => key !== 'sops') : tree.entries
    return entries.flatMap(({ key, value }) => leftPlain(value, [...path, key], isEncryptedBelow, read))
  }
  if (tree.kind === 'null' || tree.text === '' || isEncryptedText(tree.text) || !isEncryptedBelow(path)) return []
  return [
    {
      code: 'SOPS_VALUE_PLAIN',
      severity: 'error',
      place: read.locate(tree.offset ?? 0),
      what: `${path.join('.')} should be encrypted and is not`,
      why: 'a machine refuses the file, and a secret written here can be read by everyone',
      fix: 'encrypt the file with sops, and replace the secret if it was real: it stands in the history now',
    },
  ]
}

/** Secrets as documents, and as items of a list, whose values were never encrypted. */
function plainSecrets(document: TypedTree, read: TypedFile): Problem[] {
  const items = valueAt(document, 'items')
  const objects = items?.kind === 'list' ? items.items : [document]
  return objects.flatMap((object) => {
    if (textOf(object, 'kind') !== 'Secret' && textOf(document, 'kind') !== 'SecretList') return []
    return [valueAt(object, 'data'), valueAt(object, 'stringData')].flatMap((data) => plainValues(data, read))
  })
}

function plainValues(data: TypedTree | undefined, { locate }: TypedFile): Problem[] {
  if (data?.kind !== 'map') return []
  return data.entries.flatMap(({ key, value }): Problem[] => {
    if (value.kind !== 'scalar' || value.text === '' || isEncryptedText(value.text)) return []
    return [
      {
        code: 'PLAIN_SECRET',
        severity: 'error',
        place: locate(value.offset ?? 0),
        what: `${key} of a Secret stands in the repository in plain text, beside a sops block`,
        why: 'everyone who can read the repository, or its history, can read it',
        fix: 'change the secret itself, and encrypt data and stringData with sops: encrypted_regex: ^(data|stringData)$',
      },
    ]
  })
}

function textOf(map: TypedTree, key: string): string | undefined {
  const value = valueAt(map, key)
  return value?.kind === 'scalar' ? value.text : undefined
}
