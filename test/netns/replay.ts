import { loadTables } from './k3s-install.ts'
import { carrierUp, insideScript, type Namespaces, openNamespaces, runOrThrow } from './lab.ts'
import type { Backend } from './observe.ts'
import { type RecordedNode, type Recording, type RecordingName, readRecording, recordedNodes } from './recording.ts'
import { lines, newScaffold } from './scaffold.ts'

/** The two nodes of a recording, and the network between them with the gateway 172.30.0.1. */
export type ReplayRole = RecordedNode | 'net'

/**
 * A real K3s v1.21.2 cluster as it was recorded: devices with their addresses, routes, neighbours, forwarding entries,
 * sysctls, ipsets and tables. Pods and processes are not there; packets between the nodes and over `flannel.1` flow.
 */
export async function replayUp(
  name: RecordingName,
  backend: Backend = 'nft',
): Promise<Namespaces<ReplayRole> & AsyncDisposable> {
  const roles: readonly ReplayRole[] = [...recordedNodes, 'net']
  const scaffold = await newScaffold(roles)
  const all = openNamespaces<ReplayRole>(scaffold)
  try {
    const recorded = await Promise.all(recordedNodes.map((node) => readRecording(name, node)))
    await runOrThrow(['ip', '-batch', '-'], lines(links(roles, scaffold.nameOf)))
    await all.x('net', ['/bin/sh', '-s'], insideScript({ sysctls: {}, ip: network, bridge: [] }))
    await Promise.all(
      recordedNodes.map(async (node, index) => {
        const recording = recorded[index]
        if (recording === undefined) return
        await all.x(node, ['/bin/sh', '-s'], insideScript({ sysctls: {}, ...devices(recording) }))
        await all.x(node, ['/bin/sh', '-s'], sysctlScript(recording))
        await loadTables(all, node, recording.tables, backend)
      }),
    )
    await carrierUp(all, 'net', ['br0', ...recordedNodes])
    await Promise.all(recordedNodes.map((node) => carrierUp(all, node, ['eth0'])))
  } catch (error) {
    await all.down()
    throw error
  }
  return { ...all, [Symbol.asyncDispose]: all.down }
}

/** Only the ipsets and tables of a recorded node, into a namespace of any lab. */
export async function replayTables<Name extends string>(
  lab: Namespaces<Name>,
  ns: Name,
  recorded: { readonly name: RecordingName; readonly node: RecordedNode; readonly backend?: Backend },
): Promise<void> {
  const { tables } = await readRecording(recorded.name, recorded.node)
  await loadTables(lab, ns, tables, recorded.backend ?? 'nft')
}

function links(roles: readonly ReplayRole[], nameOf: (role: ReplayRole) => string): readonly string[] {
  return [
    ...roles.map((role) => `netns add ${nameOf(role)}`),
    ...recordedNodes.map(
      (node) => `link add name ${node} netns ${nameOf('net')} type veth peer name eth0 netns ${nameOf(node)}`,
    ),
  ]
}

const network: readonly string[] = [
  'link set lo up',
  'link add br0 type bridge',
  'addr add 172.30.0.1/24 brd + dev br0',
  ...recordedNodes.map((node) => `link set ${node} master br0 up`),
  'link set br0 up',
]

function devices(recording: Recording): { readonly ip: readonly string[]; readonly bridge: readonly string[] } {
  const others = recording.links.filter(({ ifname }) => ifname !== 'lo')
  return {
    ip: [
      'link set lo up',
      ...others.flatMap(({ ifname, address, mtu, linkinfo, addr_info: own }) => {
        const vxlan = linkinfo?.info_kind === 'vxlan' ? linkinfo.info_data : undefined
        const made =
          vxlan === undefined
            ? `link set ${ifname} address ${address} mtu ${mtu}`
            : `link add ${ifname} address ${address} mtu ${mtu} type vxlan id ${vxlan.id} local ${vxlan.local} dev ${vxlan.link} dstport ${vxlan.port} ${vxlan.learning ? 'learning' : 'nolearning'}`
        const addresses = own.filter(({ scope }) => scope !== 'link')
        return [
          made,
          ...addresses.map(({ local, prefixlen }) =>
            prefixlen === 32
              ? `addr add ${local}/32 dev ${ifname}`
              : `addr add ${local}/${prefixlen} brd + dev ${ifname}`,
          ),
          `link set ${ifname} up`,
        ]
      }),
      ...recording.routes
        .filter(({ table, protocol }) => table === 'main' && protocol !== 'kernel')
        .map(({ dst, gateway, dev, protocol, flags }) => {
          const via = gateway === undefined ? '' : ` via ${gateway}`
          return `route add ${dst}${via} dev ${dev} proto ${protocol}${flags.includes('onlink') ? ' onlink' : ''}`
        }),
      ...recording.neighbours
        .filter(({ state, lladdr }) => state.includes('PERMANENT') && lladdr !== undefined)
        .map(({ dst, dev, lladdr }) => `neigh replace ${dst} lladdr ${lladdr} dev ${dev} nud permanent`),
    ],
    bridge: recording.forwarding
      .filter(({ dst }) => dst !== undefined)
      .map(({ mac, ifname, dst }) => `fdb append ${mac} dev ${ifname} dst ${dst}`),
  }
}

function sysctlScript({ sysctls }: Recording): string {
  return `set -e\n${lines(sysctls.map(([path, value]) => `echo '${value}' > '/proc/sys/${path}'`))}`
}
