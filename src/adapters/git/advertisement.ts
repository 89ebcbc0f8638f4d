import { flushPacket, packetLine, readPacketLines } from './packet-lines.ts'

/**
 * What `git-upload-pack` advertises, cut down to the one object that is wanted. isomorphic-git reads the whole list on
 * every fetch, and stumbles over a server whose `HEAD` names a branch that does not exist.
 *
 * @param capabilities of the server, as it advertised them
 * @param want object id of a commit or an annotated tag
 */
export function singleRefAdvertisement(capabilities: string, want: string, name: string): Buffer {
  const others = capabilities.split(' ').filter((capability) => !capability.startsWith('symref='))
  return Buffer.from(
    [
      packetLine('# service=git-upload-pack\n'),
      flushPacket,
      packetLine(`${want} HEAD\0${[...others, `symref=HEAD:${name}`].join(' ')}\n`),
      packetLine(`${want} ${name}\n`),
      flushPacket,
    ].join(''),
  )
}

/** The capabilities of a protocol 1 advertisement: all behind the NUL of its first reference. */
export function capabilitiesOf(advertisement: Buffer, where: string): string {
  for (const packet of readPacketLines(advertisement, where)) {
    const nul = packet.indexOf(0)
    if (nul >= 0) return packet.toString('utf8', nul + 1).trim()
  }
  return ''
}
