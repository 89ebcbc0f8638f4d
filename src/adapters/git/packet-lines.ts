import { gitFailure } from './git-failures.ts'

export const flushPacket = '0000'
export const delimiterPacket = '0001'

/** One packet: its length in four hex digits, its text. */
export function packetLine(text: string): string {
  return `${(Buffer.byteLength(text) + 4).toString(16).padStart(4, '0')}${text}`
}

/**
 * The data packets of a whole answer; flush and delimiter packets are left out.
 * @throws Failure GIT_PACK_DAMAGED; GIT_SERVER_ERROR with the text of an `ERR` packet
 * @see gitprotocol-common(5)
 */
export function readPacketLines(answer: Buffer, where: string): readonly Buffer[] {
  const packets: Buffer[] = []
  let at = 0
  while (at < answer.length) {
    const digits = answer.toString('latin1', at, at + 4)
    const length = /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : -1
    if (length === -1 || length === 3 || at + length > answer.length) throw gitFailure('GIT_PACK_DAMAGED', where)
    if (length >= 4) packets.push(answer.subarray(at + 4, at + length))
    at += Math.max(length, 4)
  }
  const [first] = packets
  if (first?.toString('latin1', 0, 4) === 'ERR ') {
    throw gitFailure('GIT_SERVER_ERROR', where, first.toString('utf8', 4))
  }
  return packets
}
