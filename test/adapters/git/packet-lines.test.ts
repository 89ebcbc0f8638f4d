import { expect, test } from 'vitest'
import { capabilitiesOf, singleRefAdvertisement } from '../../../src/adapters/git/advertisement.ts'
import { delimiterPacket, flushPacket, packetLine, readPacketLines } from '../../../src/adapters/git/packet-lines.ts'

test('packets are read back as they were written, without flushes and delimiters', () => {
  const text = `${packetLine('one\n')}${delimiterPacket}${packetLine('größe')}${flushPacket}`
  expect(readPacketLines(Buffer.from(text), 'x').map((packet) => packet.toString('utf8'))).toEqual(['one\n', 'größe'])
})

for (const { text, because } of [
  { text: '00', because: 'half a length' },
  { text: 'zzzz', because: 'no length' },
  { text: '0003', because: 'a length that no packet has' },
  { text: '0010abc', because: 'less than the length says' },
]) {
  test(`an answer with ${because} is damaged`, () => {
    expect(() => readPacketLines(Buffer.from(text), 'x')).toThrow(coded('GIT_PACK_DAMAGED'))
  })
}

test('an error packet is the server speaking', () => {
  expect(() => readPacketLines(Buffer.from(packetLine('ERR no such thing')), 'x')).toThrow(coded('GIT_SERVER_ERROR'))
})

test('an advertisement is cut down to what is wanted, and keeps what the server can do', () => {
  const oid = '1'.repeat(40)
  const real = [
    packetLine('# service=git-upload-pack\n'),
    flushPacket,
    packetLine(`${oid} HEAD\0multi_ack ofs-delta symref=HEAD:refs/heads/main agent=git/2\n`),
    packetLine(`${oid} refs/heads/main\n`),
    flushPacket,
  ]
  const capabilities = capabilitiesOf(Buffer.from(real.join('')), 'x')
  expect(capabilities).toBe('multi_ack ofs-delta symref=HEAD:refs/heads/main agent=git/2')
  const wanted = '2'.repeat(40)
  const packets = readPacketLines(singleRefAdvertisement(capabilities, wanted, 'refs/heads/source'), 'x')
  expect(packets.map((packet) => packet.toString('utf8').trimEnd())).toEqual([
    '# service=git-upload-pack',
    `${wanted} HEAD\0multi_ack ofs-delta agent=git/2 symref=HEAD:refs/heads/source`,
    `${wanted} refs/heads/source`,
  ])
})

function coded(code: string) {
  return expect.objectContaining({ detail: expect.objectContaining({ code }) })
}
