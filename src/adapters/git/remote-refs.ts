import type { GitHttpClient } from './http-client.ts'
import { delimiterPacket, flushPacket, packetLine, readPacketLines } from './packet-lines.ts'

/** A reference of the server. `commit` differs from `oid` for an annotated tag, which is an object of its own. */
export interface RemoteRef {
  readonly name: string
  readonly oid: string
  readonly commit: string
}

/**
 * Asks for references by protocol 2, which answers with those below the prefixes only: two requests, or one when the
 * server is known to speak it. A server that does not is believed in what it advertises.
 * @see gitprotocol-v2(5)
 */
export interface RemoteRefs {
  /** @param prefixes full names or beginnings of them; none asks for everything */
  list(http: GitHttpClient, prefixes: readonly string[]): Promise<readonly RemoteRef[]>
}

const service = 'git-upload-pack'

export function createRemoteRefs(url: string): RemoteRefs {
  let speaksVersion2 = false

  async function listByVersion2(http: GitHttpClient, prefixes: readonly string[]): Promise<readonly RemoteRef[]> {
    const request = [
      packetLine('command=ls-refs\n'),
      delimiterPacket,
      packetLine('peel\n'),
      ...prefixes.map((prefix) => packetLine(`ref-prefix ${prefix}\n`)),
      flushPacket,
    ]
    const answer = await http.request({
      url: `${url}/${service}`,
      method: 'POST',
      headers: {
        'content-type': `application/x-${service}-request`,
        accept: `application/x-${service}-result`,
        'git-protocol': 'version=2',
      },
      body: [Buffer.from(request.join(''))],
    })
    return readPacketLines(await wholeBody(answer.body), url).flatMap((packet) =>
      parseVersion2(packet.toString('utf8')),
    )
  }

  return {
    async list(http, prefixes) {
      if (speaksVersion2) return listByVersion2(http, prefixes)
      const answer = await http.request({
        url: `${url}/info/refs?service=${service}`,
        headers: { 'git-protocol': 'version=2' },
      })
      const lines = readPacketLines(await wholeBody(answer.body), url).map((packet) =>
        packet.toString('utf8').trimEnd(),
      )
      if (lines.slice(0, 2).includes('version 2')) {
        const refs = await listByVersion2(http, prefixes)
        speaksVersion2 = true
        return refs
      }
      const wanted = (name: string): boolean =>
        prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix))
      return parseVersion1(lines).filter(({ name }) => wanted(name))
    },
  }
}

/** `<oid> <name>[ peeled:<oid>]` */
function parseVersion2(line: string): readonly RemoteRef[] {
  const [oid = '', name = '', ...attributes] = line.trimEnd().split(' ')
  if (!isObjectId(oid)) return []
  const peeled = attributes.find((attribute) => attribute.startsWith('peeled:'))?.slice('peeled:'.length)
  return [{ name, oid, commit: peeled !== undefined && isObjectId(peeled) ? peeled : oid }]
}

/** `<oid> <name>[\0capabilities]`, and `<oid> <name>^{}` right after an annotated tag. */
function parseVersion1(lines: readonly string[]): readonly RemoteRef[] {
  const oids = new Map<string, string>()
  for (const line of lines) {
    const [pair = ''] = line.split('\0')
    const space = pair.indexOf(' ')
    const oid = pair.slice(0, Math.max(space, 0))
    if (isObjectId(oid) && !/^0+$/.test(oid)) oids.set(pair.slice(space + 1), oid)
  }
  return [...oids]
    .filter(([name]) => !name.endsWith('^{}'))
    .map(([name, oid]) => ({ name, oid, commit: oids.get(`${name}^{}`) ?? oid }))
}

function isObjectId(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

async function wholeBody(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts)
}
