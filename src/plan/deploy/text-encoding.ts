/**
 * Bytes as Go's YAML reader takes them: UTF-16 where a byte order mark says so, else UTF-8; undefined for what is
 * neither, an odd byte at the end of UTF-16 included.
 */
export function decodeText(bytes: Uint8Array): { readonly content: string; readonly hasMark: boolean } | undefined {
  const encoding = encodingOf(bytes)
  if (encoding !== 'utf-8' && bytes.length % 2 === 1) return undefined
  try {
    const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
    const hasMark = text.startsWith('\uFEFF')
    return { content: hasMark ? text.slice(1) : text, hasMark }
  } catch {
    return undefined
  }
}

function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8'
}
