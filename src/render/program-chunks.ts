import { packedLimits } from '../domain/packed-program.ts'

/** A group is closed only when it has this many bytes, and has twice as many on average. */
const smallestGroupBytes = 32 * 1024

/** A long text in pieces of at most the size of a content, none of which ends inside a character. */
export function cutText(text: string): readonly string[] {
  const bytes = Buffer.from(text)
  const cuts: string[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = characterStart(bytes, Math.min(start + packedLimits.content, bytes.length))
    cuts.push(bytes.toString('utf8', start, end))
    start = end
  }
  return cuts
}

/**
 * Items of a list in groups of at most the size of a content. Where a group ends is the items' own doing: after one is added
 * or taken away, the groups beyond its neighbours are the same as before, and nobody has to fetch them again.
 * @param items JSON texts, each shorter than a content
 * @returns texts that are the list when they stand one after the other, without its brackets
 */
export function groupItems(items: readonly string[]): readonly string[] {
  const groups: string[] = []
  let group: string[] = []
  let groupBytes = 0
  const close = (): void => {
    if (group.length > 0) groups.push(group.join(''))
    group = []
    groupBytes = 0
  }
  for (const [index, item] of items.entries()) {
    const text = index === 0 ? item : `,${item}`
    const sizeBytes = Buffer.byteLength(item) + 1
    if (groupBytes + sizeBytes > packedLimits.content) close()
    group.push(text)
    groupBytes += sizeBytes
    if (groupBytes >= smallestGroupBytes && endsGroup(item, sizeBytes)) close()
  }
  close()
  return groups
}

/** One in as many items as fill the smallest group, told by the item alone. */
function endsGroup(item: string, sizeBytes: number): boolean {
  return fnv1a(item) % Math.max(2, Math.floor(smallestGroupBytes / sizeBytes)) === 0
}

/** Quick, and no secret: 32 bits of FNV-1a over the code units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

/** The last start of a character at or before `offset`. */
function characterStart(bytes: Uint8Array, offset: number): number {
  let at = offset
  while (at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--
  return at
}
