import { createHash } from 'node:crypto'
import { holdsVendorWord } from '../../domain/vendor-words.ts'

/** Characters of a hash: 60 bits, so that ten thousand rules do not meet. */
const hashLength = 12
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** A short name for a text in `[a-z2-7]`: the same text gives the same name. */
export function shortHash(text: string): string {
  for (let salt = 0; ; salt++) {
    const name = base32(salt === 0 ? text : `${text}#salt ${salt}`)
    // Chance may spell `cali`, and the scripts that look for it ask nobody.
    if (!holdsVendorWord(name)) return name
  }
}

function base32(text: string): string {
  const bytes = createHash('sha256').update(text).digest()
  // A byte has five bits to spare for each character; three go unused.
  return Array.from({ length: hashLength }, (_, index) => alphabet[(bytes[index] ?? 0) & 31]).join('')
}
