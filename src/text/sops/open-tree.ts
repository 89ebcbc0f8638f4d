import { createHash, timingSafeEqual } from 'node:crypto'
import { type Result, refusal, success } from '../../domain/result.ts'
import { decryptText, isEncryptedText } from './encrypted-text.ts'
import type { SopsMetadata } from './sops-metadata.ts'
import type { TypedScalar } from './typed-scalar.ts'
import type { TypedMap, TypedTree } from './typed-tree.ts'

/** What is wrong with a file whose data key is right; without any value in it. */
export type OpenObjection =
  /** It does not decrypt at this place: changed, moved from another key, or from another file. */
  | { readonly kind: 'value-changed'; readonly path: string; readonly offset: number | undefined }
  /** It should be encrypted, and is not. */
  | { readonly kind: 'value-plain'; readonly path: string; readonly offset: number | undefined }
  /** Each value decrypts, and together they are not those that were encrypted. */
  | { readonly kind: 'digest-differs' }

/** Whether the values below these keys are encrypted. */
export type IsEncryptedBelow = (path: readonly string[]) => boolean

/**
 * The documents of a file in the clear and without the `sops` block, once their digest was verified.
 * @see getsops/sops sops.go (`Tree.Decrypt`), cmd/sops/common/common.go (`DecryptTree`)
 */
export function openTrees(
  documents: readonly TypedMap[],
  metadata: SopsMetadata,
  dataKey: Uint8Array,
  isEncryptedBelow: IsEncryptedBelow,
): Result<readonly TypedMap[], OpenObjection> {
  const hash = createHash('sha512')
  if (metadata.macOnlyEncrypted) hash.update(onlyEncryptedSeed)
  const objections: OpenObjection[] = []

  const open = (tree: TypedTree, path: readonly string[], isEncrypted: boolean): TypedTree => {
    switch (tree.kind) {
      case 'null':
        return tree
      case 'list':
        // Positions in a list are no part of a path.
        return { kind: 'list', items: tree.items.map((item) => open(item, path, isEncrypted)) }
      case 'map':
        return openMap(tree, path)
      case 'scalar': {
        const plain = isEncrypted ? openScalar(tree, path) : tree
        if (isEncrypted || !metadata.macOnlyEncrypted) hash.update(plain.text, 'utf8')
        return plain
      }
      default:
        return tree satisfies never
    }
  }

  const openMap = (map: TypedMap, path: readonly string[]): TypedMap => ({
    kind: 'map',
    entries: map.entries.map(({ key, value }) => {
      const below = [...path, key]
      return { key, value: open(value, below, isEncryptedBelow(below)) }
    }),
  })

  const openScalar = (scalar: TypedScalar, path: readonly string[]): TypedScalar => {
    const isText = scalar.type === 'string'
    const plain = isText ? decryptText(scalar.text, dataKey, path.map((key) => `${key}:`).join('')) : undefined
    if (plain !== undefined) return plain
    const kind = isText && isEncryptedText(scalar.text) ? 'value-changed' : 'value-plain'
    objections.push({ kind, path: path.join('.'), offset: scalar.offset })
    return scalar
  }

  const opened = documents.map((document) => openMap(withoutBlock(document), [])).filter(hasContent)
  const [objection] = objections
  if (objection !== undefined) return refusal(objection)
  const expected = decryptText(metadata.mac, dataKey, metadata.lastModified)
  const actual = hash.digest('hex').toUpperCase()
  return expected !== undefined && isEqual(expected.text, actual)
    ? success(opened)
    : refusal({ kind: 'digest-differs' })
}

/**
 * Hashed first where the digest leaves out what is not encrypted, so that nobody can turn the one kind into the other.
 * @see getsops/sops sops.go (`MACOnlyEncryptedInitialization`)
 */
const onlyEncryptedSeed = createHash('sha256').update('sops').digest()

function withoutBlock(document: TypedMap): TypedMap {
  return { kind: 'map', entries: document.entries.filter(({ key }) => key !== 'sops') }
}

function hasContent({ entries }: TypedMap): boolean {
  return entries.length > 0
}

function isEqual(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)]
  return first.length === second.length && timingSafeEqual(first, second)
}
