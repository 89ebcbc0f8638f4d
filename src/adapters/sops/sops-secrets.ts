import { Failure } from '../../domain/failure.ts'
import type { EncryptedFile, SecretsPort } from '../../ports/secrets-port.ts'
import { sha256Hex } from '../../text/digest.ts'
import { readAgeKeys } from './age-key-file.ts'

/** Passes come by the second; opening a file takes milliseconds, and its outcome only changes with the file or the key. */
type Outcome = { readonly text: string } | { readonly failure: Failure }

const rememberedFiles = 256
const rememberedBytes = 32 * 1024 * 1024

/**
 * SOPS files opened with the age key of this machine. The key is read anew at every use, so that a rotated or removed one
 * counts at once; opened files are remembered in memory, and nowhere else.
 * @param keyFile absolute; need not exist while no file is encrypted
 */
export function openSopsSecrets(keyFile: string): SecretsPort {
  const remembered = new Map<string, Outcome>()

  const remember = (key: string, outcome: Outcome): Outcome => {
    // The newest stands last, whether it was known or not.
    remembered.delete(key)
    remembered.set(key, outcome)
    let bytes = 0
    for (const [position, [known, kept]] of [...remembered].toReversed().entries()) {
      bytes += 'text' in kept ? kept.text.length : 0
      if (position >= rememberedFiles || (position > 0 && bytes > rememberedBytes)) remembered.delete(known)
    }
    return outcome
  }

  const open = async (file: EncryptedFile, keys: readonly string[]): Promise<Outcome> => {
    // Most machines have no encrypted files, and the cryptography takes its time and memory to load.
    const { decryptFile } = await import('./decrypt-file.ts')
    try {
      return { text: await decryptFile(file, keys) }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      return { failure: error }
    }
  }

  return {
    async decrypt(file) {
      const keys = await readAgeKeys(keyFile)
      const key = sha256Hex(JSON.stringify([keys, file.name, file.text]))
      const outcome = remember(key, remembered.get(key) ?? (await open(file, keys)))
      if ('failure' in outcome) throw outcome.failure
      return outcome.text
    },
  }
}
