const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of UTF-8 bytes, or the offset of the first byte that is not. A byte order mark stays. */
export function decodeUtf8(
  bytes: Uint8Array,
): { readonly text: string } | { readonly badOffset: number; readonly before: string } {
  try {
    return { text: decoder.decode(bytes) }
  } catch {
    const badOffset = firstInvalidByte(bytes)
    return { badOffset, before: decoder.decode(bytes.subarray(0, badOffset)) }
  }
}

/** Half by half: the longest prefix that decodes, whole characters only. */
function firstInvalidByte(bytes: Uint8Array): number {
  let good = 0
  let bad = bytes.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (decodesSoFar(bytes.subarray(0, middle))) good = middle
    else bad = middle
  }
  return startOfCharacter(bytes, good)
}

function decodesSoFar(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

/** Steps back over a character that is not complete at `offset`. */
function startOfCharacter(bytes: Uint8Array, offset: number): number {
  for (let at = offset; at >= Math.max(0, offset - 3); at--) {
    try {
      decoder.decode(bytes.subarray(0, at))
      return at
    } catch {
      // not at a boundary yet
    }
  }
  return 0
}
