import { type Result, refusal, success } from '../../domain/result.ts'
import { type TypedMap, type TypedTree, valueAt } from './typed-tree.ts'

/** What the `sops` block of an encrypted file says. */
export interface SopsMetadata {
  readonly recipients: readonly SopsRecipient[]
  /** `ENC[…]`: the digest over all values. */
  readonly mac: string
  /** As the digest was bound to it: `2026-03-01T12:00:00Z`. */
  readonly lastModified: string
  readonly macOnlyEncrypted: boolean
  readonly rule: EncryptionRule
}

/** The data key, encrypted to one age recipient. */
export interface SopsRecipient {
  readonly recipient: string
  /** An armoured age file. */
  readonly enc: string
}

/** Which values are encrypted, told by the keys above them. */
export type EncryptionRule =
  | { readonly kind: 'suffix'; readonly suffix: string; readonly encrypts: boolean }
  | { readonly kind: 'pattern'; readonly pattern: string; readonly encrypts: boolean }

/** Why a block cannot be worked with, as the words of a problem. */
export interface SopsObjection {
  readonly code: 'SOPS_UNREADABLE' | 'SOPS_UNSUPPORTED'
  readonly what: string
  readonly why: string
  readonly fix: string
}

const commentRules = ['encrypted_comment_regex', 'unencrypted_comment_regex'] as const
const largestArmour = 16 * 1024
const mostRecipients = 200

/**
 * The block that stands in every document of one file.
 * @see getsops/sops stores/stores.go (`Metadata`)
 */
export function readSopsMetadata(documents: readonly TypedMap[]): Result<SopsMetadata, SopsObjection> {
  const blocks = documents.map((document) => valueAt(document, 'sops'))
  const [block] = blocks
  if (block?.kind !== 'map') return refusal(malformed('sops is no mapping'))
  if (blocks.some((other) => !isSame(other, block))) return refusal(severalBlocks)
  const recipients = recipientsOf(block)
  if (!recipients.ok) return recipients
  const rule = ruleOf(block)
  if (!('kind' in rule)) return refusal(rule)
  const mac = textOf(block, 'mac')
  if (mac === undefined || mac === '') return refusal(noMac)
  const lastModified = printedTime(textOf(block, 'lastmodified') ?? '')
  if (lastModified === undefined) return refusal(malformed('sops.lastmodified is no time'))
  return success({
    recipients: recipients.value,
    mac,
    lastModified,
    macOnlyEncrypted: textOf(block, 'mac_only_encrypted') === 'True',
    rule,
  })
}

function recipientsOf(block: TypedMap): Result<readonly SopsRecipient[], SopsObjection> {
  const groups = itemsOf(block, 'key_groups')
  const hasKeys = keyTypes(block).length > 0
  if (!hasKeys && groups.length > 1) return refusal(severalGroups)
  const holder = hasKeys ? block : groups[0]
  const items = itemsOf(holder, 'age')
  if (items.length === 0) return refusal(noAge(keyTypes(holder)))
  if (items.length > mostRecipients) {
    return refusal(malformed(`sops.age has more than ${mostRecipients} recipients`))
  }
  const recipients = items.flatMap((item): SopsRecipient[] => {
    const [recipient, enc] = [textOf(item, 'recipient'), textOf(item, 'enc')]
    return recipient === undefined || enc === undefined || enc.length > largestArmour ? [] : [{ recipient, enc }]
  })
  return recipients.length < items.length
    ? refusal(malformed('an entry of sops.age has no recipient or no enc'))
    : success(recipients)
}

/** `pgp`, `kms`, `age`: whatever lists keys, of any release of SOPS. */
function keyTypes(holder: TypedTree | undefined): readonly string[] {
  if (holder?.kind !== 'map') return []
  return holder.entries.flatMap(({ key }) => (key !== 'key_groups' && itemsOf(holder, key).length > 0 ? [key] : []))
}

function ruleOf(block: TypedMap): EncryptionRule | SopsObjection {
  const comments = commentRules.find((name) => (textOf(block, name) ?? '') !== '')
  if (comments !== undefined) return commentRule(comments)
  const written = rules.flatMap(({ name, kind, encrypts }): EncryptionRule[] => {
    const value = textOf(block, name) ?? ''
    if (value === '') return []
    return [kind === 'suffix' ? { kind, suffix: value, encrypts } : { kind, pattern: value, encrypts }]
  })
  if (written.length > 1) return malformed('sops has more than one rule for what is encrypted')
  return written[0] ?? { kind: 'suffix', suffix: '_unencrypted', encrypts: false }
}

const rules = [
  { name: 'encrypted_suffix', kind: 'suffix', encrypts: true },
  { name: 'unencrypted_suffix', kind: 'suffix', encrypts: false },
  { name: 'encrypted_regex', kind: 'pattern', encrypts: true },
  { name: 'unencrypted_regex', kind: 'pattern', encrypts: false },
] as const

/** Go's RFC 3339: without fractions, and `Z` for no offset. */
function printedTime(text: string): string | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2})$/.exec(text)
  if (match === null) return undefined
  const zone = match[2] ?? 'Z'
  return `${match[1] ?? ''}${/^[+-]00:00$/.test(zone) ? 'Z' : zone}`
}

function itemsOf(map: TypedTree | undefined, key: string): readonly TypedTree[] {
  const value = valueAt(map, key)
  return value?.kind === 'list' ? value.items : []
}

function textOf(map: TypedTree | undefined, key: string): string | undefined {
  const value = valueAt(map, key)
  return value?.kind === 'scalar' ? value.text : undefined
}

function isSame(a: TypedTree | undefined, b: TypedTree): boolean {
  const plain = (tree: TypedTree | undefined): string =>
    JSON.stringify(tree, (key, value: unknown) => (key === 'offset' ? undefined : value)) ?? ''
  return plain(a) === plain(b)
}

const editWithSops = 'edit the file with sops only: sops edit, or sops decrypt, change and sops encrypt'

function malformed(what: string): SopsObjection {
  const why = 'without the block that sops wrote nothing in the file can be decrypted'
  return {
    code: 'SOPS_UNREADABLE',
    what,
    why,
    fix: 'restore the sops block from the history, or encrypt the file anew',
  }
}

const noMac: SopsObjection = {
  code: 'SOPS_UNREADABLE',
  what: 'sops.mac is missing or empty',
  why: 'nothing then shows whether values were exchanged since they were encrypted',
  fix: editWithSops,
}

const severalBlocks: SopsObjection = {
  code: 'SOPS_UNREADABLE',
  what: 'the documents of the file do not carry the same sops block',
  why: 'sops encrypts a file as a whole, with one key and one digest over all documents, and would refuse this one',
  fix: 'put documents that were encrypted on their own into files of their own',
}

const severalGroups: SopsObjection = {
  code: 'SOPS_UNSUPPORTED',
  what: 'the data key is split over several key groups',
  why: 'a machine would need a key of each',
  fix: 'encrypt the file to age recipients in one group',
}

function noAge(others: readonly string[]): SopsObjection {
  if (others.length === 0) return malformed('the sops block names no recipient')
  return {
    code: 'SOPS_UNSUPPORTED',
    what: `the file is encrypted with ${others.join(', ')} and to no age recipient`,
    why: 'Fairlead decrypts with an age key on the machine, and with nothing else',
    fix: 'add an age recipient to .sops.yaml and run sops updatekeys on the file',
  }
}

function commentRule(name: string): SopsObjection {
  return {
    code: 'SOPS_UNSUPPORTED',
    what: `${name} chooses what is encrypted by comments`,
    why: 'Fairlead reads files without their comments',
    fix: 'choose by keys: encrypted_regex in .sops.yaml',
  }
}
