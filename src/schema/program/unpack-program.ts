import { type ProgramPiece, packedLimits } from '../../domain/packed-program.ts'
import { isRecord, type Json } from '../../domain/plain-json.ts'
import { type Result, refusal, success } from '../../domain/result.ts'
import { sha256Hex } from '../../text/digest.ts'

/** Digests of the contents that a packed program needs, each once; of one that is not as it should be, those that can be read. */
export function contentsOf(packed: Json): readonly string[] {
  const pieces = Array.isArray(packed['pieces']) ? packed['pieces'] : []
  const named = pieces.flatMap((piece): readonly unknown[] => {
    const list = isRecord(piece) ? (piece['contents'] ?? piece['peers']) : undefined
    return Array.isArray(list) ? list : []
  })
  return [...new Set(named.filter(isDigest))].slice(0, packedLimits.references)
}

/**
 * Puts a program together again.
 * @param node whose program it is: it is no peer of its own
 * @param contents digest → data; every one is held against its digest
 * @returns JSON text, byte for byte as it was packed, not yet looked into; or what is wrong, with the path of the field
 */
export function unpackProgram(
  packed: Json,
  node: string,
  contents: ReadonlyMap<string, string>,
): Result<string, string> {
  const pieces = piecesOf(packed)
  if (!pieces.ok) return pieces
  const texts: string[] = []
  let sizeBytes = 0
  const checked = new Set<string>()
  for (const [index, piece] of pieces.value.entries()) {
    for (const digest of digestsIn(piece)) {
      const objection = objectionTo(digest, contents.get(digest), checked)
      if (objection !== undefined) return refusal(`program.pieces.${index}: ${objection}`)
    }
    // Counted before anything is put together: a few references can stand for a great deal.
    const parts = typeof piece === 'string' ? [piece] : digestsIn(piece).map((digest) => contents.get(digest) ?? '')
    sizeBytes += parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0)
    if (sizeBytes > packedLimits.program) {
      return refusal(`program.pieces.${index}: the program is longer than ${packedLimits.program} bytes`)
    }
    const text = isPeers(piece) ? withoutNode(parts.join(''), node) : parts.join('')
    if (text === undefined) return refusal(`program.pieces.${index}.peers: is no list of peers`)
    texts.push(text)
  }
  return success(texts.join(''))
}

function piecesOf(packed: Json): Result<readonly ProgramPiece[], string> {
  const pieces = packed['pieces']
  const other = Object.keys(packed).find((key) => key !== 'pieces')
  if (other !== undefined) return refusal(`program: field ${quoted(other)} is not known`)
  if (!Array.isArray(pieces)) return refusal('program.pieces: is no list')
  let references = 0
  for (const [index, piece] of pieces.entries()) {
    const objection = objectionToPiece(piece)
    if (objection !== undefined) return refusal(`program.pieces.${index}: ${objection}`)
    references += digestsIn(piece as ProgramPiece).length
  }
  if (references > packedLimits.references) {
    return refusal(`program.pieces: ${references} references, and at most ${packedLimits.references} are taken`)
  }
  return success(pieces as readonly ProgramPiece[])
}

function objectionToPiece(piece: unknown): string | undefined {
  if (typeof piece === 'string') return undefined
  if (!isRecord(piece)) return 'is neither text nor a reference'
  const [field, ...more] = Object.keys(piece)
  if (more.length > 0 || (field !== 'contents' && field !== 'peers')) return 'is not a reference with one field'
  const list = piece[field]
  if (!Array.isArray(list) || !list.every(isDigest)) return `${field} is no list of digests`
  return undefined
}

function objectionTo(digest: string, data: string | undefined, checked: Set<string>): string | undefined {
  if (data === undefined) return `content ${digest} is missing`
  if (checked.has(digest)) return undefined
  if (sha256Hex(data) !== digest) return `content ${digest} has another digest than its name`
  checked.add(digest)
  return undefined
}

/** A list of peers without the node's own entry; undefined for what is no such list. */
function withoutNode(text: string, node: string): string | undefined {
  try {
    const peers: unknown = JSON.parse(text)
    if (!Array.isArray(peers) || !peers.every((peer) => isRecord(peer) && typeof peer['node'] === 'string')) return
    return JSON.stringify(peers.filter((peer) => isRecord(peer) && peer['node'] !== node))
  } catch {
    // No JSON, or nested deeper than the stack is.
    return
  }
}

function digestsIn(piece: ProgramPiece): readonly string[] {
  if (typeof piece === 'string') return []
  return isPeers(piece) ? piece.peers : piece.contents
}

function isPeers(piece: ProgramPiece): piece is { readonly peers: readonly string[] } {
  return typeof piece !== 'string' && 'peers' in piece
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 64))
}
