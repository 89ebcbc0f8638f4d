import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { armor, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { stringify } from 'yaml'

/**
 * SOPS's file format from its documentation, for test vectors: the values one by one with AES-256-GCM, the data key by
 * age, the digest over everything. Shares no code with what decrypts.
 */
export interface SopsRecipe {
  readonly recipients: readonly string[]
  /** `{ encrypted_regex: '^data$' }`; everything is encrypted without one. */
  readonly rule?: Readonly<Record<string, string>>
  readonly macOnlyEncrypted?: boolean
  readonly format?: 'yaml' | 'json'
  /** Changes the block before it is written: what an older SOPS, or an attacker, would have there. */
  readonly block?: (block: Record<string, unknown>) => Record<string, unknown>
  /** The armoured data key for a recipient, by another age than ours. */
  readonly wrap?: (dataKey: Uint8Array, recipient: string) => Promise<string>
}

/** A number that SOPS holds for a float although it is whole. */
export class WholeFloat {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

export async function newAgeKey(): Promise<{ readonly secret: string; readonly recipient: string }> {
  const secret = await generateX25519Identity()
  return { secret, recipient: await identityToRecipient(secret) }
}

export async function encryptWithSops(documents: readonly object[], recipe: SopsRecipe): Promise<string> {
  const key = randomBytes(32)
  const hash = createHash('sha512')
  if (recipe.macOnlyEncrypted === true) hash.update(createHash('sha256').update('sops').digest())
  const isEncrypted = ruleOf(recipe.rule)

  const leaf = (value: unknown, path: readonly string[]): unknown => {
    const chosen = isEncrypted(path)
    const [text, type] = leafText(value)
    if (chosen || recipe.macOnlyEncrypted !== true) hash.update(text)
    if (!chosen) return value instanceof WholeFloat ? value.value : value
    return text === '' ? '' : encryptText(text, type, key, path.map((part) => `${part}:`).join(''))
  }
  const walk = (value: unknown, path: readonly string[]): unknown => {
    if (value === null) return null
    if (Array.isArray(value)) return value.map((item) => walk(item, path))
    if (typeof value !== 'object' || value instanceof WholeFloat) return leaf(value, path)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, [...path, name])]))
  }

  const encrypted = documents.map((document) => walk(document, []) as Record<string, unknown>)
  const lastmodified = '2026-03-01T12:00:00Z'
  const wrap = recipe.wrap ?? wrapWithAge
  const age = await Promise.all(
    recipe.recipients.map(async (recipient) => ({ recipient, enc: await wrap(key, recipient) })),
  )
  const mac = encryptText(hash.digest('hex').toUpperCase(), 'str', key, lastmodified)
  const plain = {
    kms: [],
    gcp_kms: [],
    azure_kv: [],
    hc_vault: [],
    age,
    lastmodified,
    mac,
    pgp: [],
    ...recipe.rule,
    ...(recipe.macOnlyEncrypted === true ? { mac_only_encrypted: true } : {}),
    version: '3.9.0',
  }
  const sops = recipe.block?.(plain) ?? plain
  const texts = encrypted.map((document) =>
    recipe.format === 'json'
      ? `${JSON.stringify({ ...document, sops }, null, '\t')}\n`
      : stringify({ ...document, sops }, { lineWidth: 0, aliasDuplicateObjects: false }),
  )
  return texts.join('---\n')
}

/** `ENC[…]` for one value, as SOPS prints it. */
export function encryptText(text: string, type: string, key: Uint8Array, boundTo: string): string {
  const iv = randomBytes(32)
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
  cipher.setAAD(Buffer.from(boundTo))
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  const [d, i, t] = [data, iv, cipher.getAuthTag()].map((part) => part.toString('base64'))
  return `ENC[AES256_GCM,data:${d},iv:${i},tag:${t},type:${type}]`
}

/** Numbers without an exponent, from 1e-99 to 1e99. */
const plainDigits = new Intl.NumberFormat('en-US', { useGrouping: false, maximumSignificantDigits: 17 })

function leafText(value: unknown): readonly [text: string, type: string] {
  if (typeof value === 'string') return [value, 'str']
  if (typeof value === 'boolean') return [value ? 'True' : 'False', 'bool']
  if (value instanceof WholeFloat) return [String(value.value), 'float']
  if (typeof value === 'number') return [plainDigits.format(value), Number.isSafeInteger(value) ? 'int' : 'float']
  throw new Error(`SOPS has no such value: ${typeof value}`)
}

function ruleOf(rule: SopsRecipe['rule'] = {}): (path: readonly string[]) => boolean {
  const { encrypted_regex: regex, unencrypted_regex: not, encrypted_suffix: suffix, unencrypted_suffix: without } = rule
  if (regex !== undefined) return (path) => path.some((part) => regexOf(regex).test(part))
  if (not !== undefined) return (path) => !path.some((part) => regexOf(not).test(part))
  if (suffix !== undefined) return (path) => path.some((part) => part.endsWith(suffix))
  return (path) => !path.some((part) => part.endsWith(without ?? '_unencrypted'))
}

function regexOf(pattern: string): RegExp {
  return pattern.startsWith('(?i)') ? new RegExp(pattern.slice(4), 'i') : new RegExp(pattern)
}

async function wrapWithAge(dataKey: Uint8Array, recipient: string): Promise<string> {
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  return armor.encode(await encrypter.encrypt(dataKey))
}
