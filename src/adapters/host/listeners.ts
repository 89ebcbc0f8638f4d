import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { HostListener } from '../../domain/host.ts'

/** A line of `/proc/net/tcp` and its like. */
export interface ListeningSocket {
  readonly protocol: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
  /** 0 for a socket that the kernel made for itself, such as that of a VXLAN device. */
  readonly inode: number
}

/** Who listens on which port, with the program where we may look at it; undefined where proc does not tell. */
export function readListeners(proc: string): readonly HostListener[] | undefined {
  const texts = (['tcp', 'tcp6', 'udp', 'udp6'] as const).map((name) => ({
    protocol: name.startsWith('tcp') ? ('tcp' as const) : ('udp' as const),
    text: attempt(() => readFileSync(`${proc}/net/${name}`, 'utf8')),
  }))
  if (texts[0]?.text === undefined) return undefined
  const sockets = texts.flatMap(({ protocol, text = '' }) => parseSockets(text, protocol))
  const owners = ownersOf(proc, new Set(sockets.map(({ inode }) => inode)))
  return sockets.map(({ inode, ...socket }) => {
    if (inode === 0) return { ...socket, program: 'kernel' }
    return { ...socket, ...owners.get(inode) }
  })
}

const listening: Readonly<Record<'tcp' | 'udp', string>> = { tcp: '0A', udp: '07' }

/** @see proc_pid_net(5), include/net/tcp_states.h */
export function parseSockets(text: string, protocol: 'tcp' | 'udp'): readonly ListeningSocket[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
    const [, address = '', port = ''] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local) ?? []
    if (address === '' || state !== listening[protocol] || inode === undefined) return []
    return [{ protocol, address: addressOf(address), port: Number.parseInt(port, 16), inode: Number(inode) }]
  })
}

/** Words of 32 bits as this machine keeps them in memory; every machine that K3s runs on is little-endian or s390x. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => {
    const inOrder = (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))
    return isLittleEndian ? inOrder.reverse() : inOrder
  })
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.every((byte) => byte === 0)) return '::'
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  )
  // Written out, and then shortened by the one rule everybody agrees on.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Programs by the inode of their sockets; those of other users only as root. */
function ownersOf(
  proc: string,
  wanted: ReadonlySet<number>,
): ReadonlyMap<number, { readonly program: string; readonly pid: number }> {
  const owners = new Map<number, { readonly program: string; readonly pid: number }>()
  for (const pid of (attempt(() => readdirSync(proc)) ?? []).filter((name) => /^[0-9]+$/.test(name))) {
    for (const fd of attempt(() => readdirSync(`${proc}/${pid}/fd`)) ?? []) {
      const link = attempt(() => readlinkSync(`${proc}/${pid}/fd/${fd}`))
      const inode = Number(/^socket:\[([0-9]+)\]$/.exec(link ?? '')?.[1] ?? 0)
      if (!wanted.has(inode) || owners.has(inode)) continue
      const program = attempt(() => readFileSync(`${proc}/${pid}/comm`, 'utf8').trim())
      if (program !== undefined) owners.set(inode, { program, pid: Number(pid) })
    }
  }
  return owners
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
