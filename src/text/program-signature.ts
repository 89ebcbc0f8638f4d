import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { Failure } from '../domain/failure.ts'
import type { PublishedProgram } from '../domain/published-program.ts'

/** The key that programs are signed with. The private part is in no field and in no text of it. */
export interface SigningKey {
  readonly keyId: string
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicPem: string
  /** @returns Ed25519, base64 */
  sign(message: string): string
}

/** What a signature of ours is about begins with this: one of another protocol is none here. */
const purpose = 'fairlead.dev NodeProgram 1\n'

/** @returns a new Ed25519 key: PKCS #8, PEM; a secret */
export function createSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/**
 * @param privatePem PKCS #8, PEM
 * @param where the file or Secret that it comes from, for the message
 * @throws Failure SIGNING_KEY_INVALID
 */
export function readSigningKey(privatePem: string, where = 'the signing key'): SigningKey {
  const key = privateKeyOf(privatePem)
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw new Failure(`${where} holds no Ed25519 private key`, {
      code: 'SIGNING_KEY_INVALID',
      where,
      fix: 'make one with: openssl genpkey -algorithm ed25519 (PKCS #8, PEM, no passphrase)',
      retry: 'when-changed',
    })
  }
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
  return {
    keyId: keyIdOf(publicPem),
    publicPem,
    sign: (message) => sign(null, Buffer.from(message), key).toString('base64'),
  }
}

/** Texts of the revision that no JSON can carry (half a surrogate pair) are mended first, so that they arrive as signed. */
export function signProgram(unsigned: Omit<PublishedProgram, 'signature'>, key: SigningKey): PublishedProgram {
  const { name, commit, author, subject } = unsigned.revision
  const revision = {
    name: name.toWellFormed(),
    commit: commit.toWellFormed(),
    author: author.toWellFormed(),
    subject: subject.toWellFormed(),
  }
  const program = { ...unsigned, revision }
  return { ...program, signature: { keyId: key.keyId, value: key.sign(signedText(program)) } }
}

/**
 * Whether this very envelope was signed with the key. It says nothing of `program`: that is what `digest` is for.
 * @throws Failure PUBLIC_KEY_INVALID
 */
export function signatureHolds(published: PublishedProgram, publicPem: string): boolean {
  const { keyId, value } = published.signature
  const key = publicKeyOf(publicPem)
  const bytes = Buffer.from(value, 'base64')
  // Other spellings of the same bytes are no signature of ours.
  if (keyId !== idOf(key) || bytes.toString('base64') !== value) return false
  return verify(null, Buffer.from(signedText(published)), key, bytes)
}

/**
 * First 16 hex digits of the SHA-256 of the key (SubjectPublicKeyInfo, DER).
 * @throws Failure PUBLIC_KEY_INVALID
 */
export function keyIdOf(publicPem: string): string {
  return idOf(publicKeyOf(publicPem))
}

/** Everything but `program` and `signature`, its fields in this order whatever order they came in. */
function signedText(published: Omit<PublishedProgram, 'signature'>): string {
  const { format, cluster, clusterUID, node, sequence, digest, permit } = published
  const { name, commit, author, subject } = published.revision
  return `${purpose}${JSON.stringify({
    format,
    cluster,
    clusterUID,
    node,
    sequence,
    revision: { name, commit, author, subject },
    digest,
    ...(permit === undefined ? {} : { permit: { program: permit.program } }),
  })}`
}

function privateKeyOf(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    // What the library says of a key is not for messages.
    return undefined
  }
}

function publicKeyOf(pem: string): KeyObject {
  const key = parsedPublicKey(pem)
  if (key?.asymmetricKeyType === 'ed25519') return key
  throw new Failure('this is no Ed25519 public key', {
    code: 'PUBLIC_KEY_INVALID',
    where: 'public key',
    fix: 'take the key as the controller wrote it (PEM, BEGIN PUBLIC KEY): kubectl -n fairlead-system get configmap fairlead-public-keys',
    retry: 'when-changed',
  })
}

function parsedPublicKey(pem: string): KeyObject | undefined {
  // A private key would be taken as well, and has no business where public ones are kept.
  if (!pem.trimStart().startsWith('-----BEGIN PUBLIC KEY-----')) return undefined
  try {
    return createPublicKey(pem)
  } catch {
    return undefined
  }
}

function idOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16)
}
