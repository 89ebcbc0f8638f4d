import { Failure } from '../domain/failure.ts'
import { packedLimits } from '../domain/packed-program.ts'
import { isRecord, type Json } from '../domain/plain-json.ts'
import type { PodRoutePeer } from '../domain/pod-routes.ts'
import type { NodeProgram } from '../domain/program.ts'
import { cutText, groupItems } from './program-chunks.ts'
import {
  fitted,
  mergedTexts,
  movedPart,
  type PackedParts,
  type Part,
  sizeOf,
  stored,
  textPart,
} from './program-parts.ts'

/** What many programs have in common. */
export interface SharedParts {
  /** The peers of every node, sorted as programs have them, none left out: `podRoutesOf` for a node without a name. */
  readonly podRoutePeers: readonly PodRoutePeer[]
}

/**
 * A program as it goes into the API: what is left is at most 32 KiB, and large parts are contents that nodes with the same
 * part share. The same program gives the same bytes.
 * @throws Failure PROGRAM_TOO_LARGE above 48 MiB
 */
export function packProgram(program: NodeProgram, shared?: SharedParts): PackedParts {
  const parts = mergedTexts(partsOf(program, opened(program, shared)))
  const fine = fitted(parts)
  if (fine !== undefined && sizeOf(parts) <= packedLimits.program) return stored(fine)
  // Too many parts to name them all: contents as long as can be, whatever stands in them.
  const coarse = fitted([movedPart('contents', cutText(JSON.stringify(program)))])
  if (coarse !== undefined && sizeOf(coarse) <= packedLimits.program) return stored(coarse)
  throw new Failure(`the program of node ${program.node} is longer than ${packedLimits.program} bytes`, {
    code: 'PROGRAM_TOO_LARGE',
    where: `NodeProgram ${program.node}`,
    fix: 'take manifests or charts out of the cluster directory, or let K3s fetch them itself',
    retry: 'when-changed',
  })
}

/** Values that are not taken as a whole: those on the way to the peers, and the peers. */
type Opened = ReadonlyMap<unknown, Part | 'open'>

function opened(program: NodeProgram, shared: SharedParts | undefined): Opened {
  const { podRoutes } = program.network ?? {}
  const values = new Map<unknown, Part | 'open'>([[program, 'open']])
  if (podRoutes === undefined) return values
  return values.set(program.network, 'open').set(podRoutes, 'open').set(podRoutes.peers, peersPart(program, shared))
}

function peersPart(program: NodeProgram, shared: SharedParts | undefined): Part {
  const peers = JSON.stringify(program.network?.podRoutes?.peers ?? [])
  const common = shared === undefined ? undefined : peersForAll(shared.podRoutePeers)
  if (common !== undefined && common.textWithout(program.node) === peers) return common.part
  // Not the list of all without oneself, for a reason that is not known here: then it is the node's own.
  return movedPart('contents', cutText(peers))
}

interface CommonPeers {
  readonly part: Part
  textWithout(node: string): string
}

/** By the list: a controller packs thousands of programs with the same one. */
const preparedPeers = new WeakMap<readonly PodRoutePeer[], CommonPeers>()

function peersForAll(peers: readonly PodRoutePeer[]): CommonPeers {
  const prepared = preparedPeers.get(peers)
  if (prepared !== undefined) return prepared
  const items = peers.map((peer) => JSON.stringify(peer))
  const common: CommonPeers = {
    part: movedPart('peers', bracketed(groupItems(items))),
    textWithout: (node) => `[${items.filter((_, index) => peers[index]?.node !== node).join(',')}]`,
  }
  preparedPeers.set(peers, common)
  return common
}

/** The brackets of a list are part of its first and last group. */
function bracketed(groups: readonly string[]): readonly string[] {
  if (groups.length === 0) return ['[]']
  const last = groups.length - 1
  return groups.map((group, index) => `${index === 0 ? '[' : ''}${group}${index === last ? ']' : ''}`)
}

function partsOf(value: unknown, special: Opened): readonly Part[] {
  const known = special.get(value)
  if (known !== undefined && known !== 'open') return [known]
  if (known === undefined) {
    const text = shortText(value)
    if (text !== undefined) return [textPart(text)]
    if (Array.isArray(value)) return partsOfList(value, special)
    if (!isRecord(value)) return [movedPart('contents', cutText(JSON.stringify(value)))]
  }
  return partsOfObject(value as Json, special)
}

/** JSON; undefined where it is too long to stay. */
function shortText(value: unknown): string | undefined {
  // Without this look every level of a long program would be printed once for each level above it.
  if (leastBytes(value, packedLimits.inline) > packedLimits.inline) return undefined
  const text = JSON.stringify(value)
  return Buffer.byteLength(text) > packedLimits.inline ? undefined : text
}

/** What the JSON of a value takes at least; beyond `enough` it is not counted any further. */
function leastBytes(value: unknown, enough: number): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 1
  let sum = 2
  for (const member of Object.values(value)) {
    if (sum > enough) break
    if (member !== undefined) sum += leastBytes(member, enough - sum)
  }
  return sum
}

function partsOfObject(value: Json, special: Opened): readonly Part[] {
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return [
    textPart('{'),
    ...members.flatMap(([key, member], index) => [
      textPart(`${index === 0 ? '' : ','}${JSON.stringify(key)}:`),
      ...partsOf(member, special),
    ]),
    textPart('}'),
  ]
}

/** Long items are parts of their own, and the short ones between them go in groups. */
function partsOfList(list: readonly unknown[], special: Opened): readonly Part[] {
  const members: (readonly Part[])[] = []
  let run: string[] = []
  const closeRun = (): void => {
    if (run.length > 0) members.push(groupItems(run).map(groupPart))
    run = []
  }
  for (const item of list) {
    const text = shortText(item)
    if (text !== undefined) {
      run.push(text)
    } else {
      closeRun()
      members.push(partsOf(item, special))
    }
  }
  closeRun()
  const listed = members.flatMap((parts, index) => (index === 0 ? parts : [textPart(','), ...parts]))
  return [textPart('['), ...listed, textPart(']')]
}

/** What is this short is often the node's own, a drop-in say, and an object for it would be shared by nobody. */
const shortGroupBytes = 4 * 1024

function groupPart(text: string): Part {
  return Buffer.byteLength(text) < shortGroupBytes ? textPart(text) : movedPart('contents', [text])
}
