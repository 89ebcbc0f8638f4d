import { armor, Decrypter, identityToRecipient } from 'age-encryption'
import type { SopsRecipient } from '../../text/sops/sops-metadata.ts'

const dataKeyBytes = 32

/**
 * The key of a file's values: the entry for one of our own public keys first, then whatever any of our keys opens.
 * @param keys age secret keys
 * @returns undefined where none of the entries is for any of the keys
 */
export async function openDataKey(
  recipients: readonly SopsRecipient[],
  keys: readonly string[],
): Promise<Uint8Array | undefined> {
  const own = await publicKeys(keys)
  const ordered = [
    ...recipients.filter(({ recipient }) => own.includes(recipient)),
    ...recipients.filter(({ recipient }) => !own.includes(recipient)),
  ]
  for (const { enc } of ordered) {
    const opened = await openArmoured(enc, keys)
    if (opened?.length === dataKeyBytes) return opened
  }
  return undefined
}

/** What may be told of secret keys: `age1…`, in their order; a key that is none is left out. */
export async function publicKeys(keys: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(keys.map((key) => identityToRecipient(key).catch(() => undefined)))
  return found.filter((recipient) => recipient !== undefined)
}

async function openArmoured(enc: string, keys: readonly string[]): Promise<Uint8Array | undefined> {
  try {
    const decrypter = new Decrypter()
    for (const key of keys) decrypter.addIdentity(key)
    return await decrypter.decrypt(armor.decode(enc))
  } catch {
    // Not for us, or no age file: the library's words may quote what it was given.
    return undefined
  }
}
