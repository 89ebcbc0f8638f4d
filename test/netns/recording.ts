import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { K3sTables } from './k3s-tables.ts'

export const recordings = ['vxlan', 'host-gw-after-vxlan', 'network-policy-disabled-after-enabled'] as const
export type RecordingName = (typeof recordings)[number]
export const recordedNodes = ['srv1', 'agt1'] as const
export type RecordedNode = (typeof recordedNodes)[number]

/** One node of a recording, as the tools printed it. */
export interface Recording {
  readonly tables: K3sTables
  /** `ip -j -d addr`. */
  readonly links: readonly RecordedLink[]
  /** `ip -j -d route show table all`, both families. */
  readonly routes: readonly RecordedRoute[]
  readonly neighbours: readonly {
    readonly dst: string
    readonly dev: string
    readonly lladdr?: string
    readonly state: readonly string[]
  }[]
  readonly forwarding: readonly { readonly mac: string; readonly ifname: string; readonly dst?: string }[]
  /** Path below `/proc/sys`, and value. */
  readonly sysctls: readonly (readonly [string, string])[]
}

export interface RecordedLink {
  readonly ifname: string
  readonly mtu: number
  readonly address: string
  readonly linkinfo?: {
    readonly info_kind: string
    readonly info_data?: {
      readonly id: number
      readonly local: string
      readonly link: string
      readonly port: number
      readonly learning: boolean
    }
  }
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[]
}

export interface RecordedRoute {
  readonly type: string
  readonly dst: string
  readonly gateway?: string
  readonly dev: string
  readonly table: string
  readonly protocol: string
  readonly flags: readonly string[]
}

/** The folder of one node, for tests that read other files of it. */
export function recordingPath(name: RecordingName, node: RecordedNode): string {
  return fileURLToPath(new URL(`../fixtures/k3s-v1.21.2/${name}/${node}/`, import.meta.url))
}

export async function readRecording(name: RecordingName, node: RecordedNode): Promise<Recording> {
  const text = (file: string): Promise<string> => readFile(`${recordingPath(name, node)}${file}`, 'utf8')
  // The types above say what these tools of iproute2 print; the replay fails where a recording differs.
  const json = async <T>(file: string): Promise<T> => JSON.parse(await text(file)) as T
  return {
    tables: {
      v4: await text('iptables-save.nft'),
      v6: await text('ip6tables-save.nft'),
      sets: await text('ipset.save'),
    },
    links: await json('ip-addr.json'),
    routes: await json('ip-route.json'),
    neighbours: await json('ip-neigh.json'),
    forwarding: await json('bridge-fdb.json'),
    sysctls: sysctlsOf(await text('sysctl')),
  }
}

/** `net.ipv4.conf.flannel/1.forwarding`: dots separate, and a slash stands for the dot of a device. */
function sysctlsOf(text: string): readonly (readonly [string, string])[] {
  return text
    .split('\n')
    .map((line) => line.split(' = '))
    .filter((pair): pair is [string, string] => pair.length === 2)
    .map(([key, value]) => [key.replace(/[./]/g, (sign) => (sign === '.' ? '/' : '.')), value])
}
