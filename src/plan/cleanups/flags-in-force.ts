import type { Leftovers } from '../../domain/leftovers.ts'

/** Whether a switch of the servers is on; `unknown` on an agent, which takes it from its server and shows it nowhere. */
export function switchInForce({ k3sArguments }: Leftovers, flag: string): 'on' | 'off' | 'unknown' {
  const value = flagValue(k3sArguments, flag)
  if (value !== undefined) return /^(1|t|true)$/i.test(value) ? 'on' : 'off'
  return k3sArguments?.[0] === 'server' ? 'off' : 'unknown'
}

/**
 * The backend of flannel that this node runs; undefined when nobody can tell. A server is told; what an agent runs stands
 * in the file that K3s writes for flannel each time it starts, unless it starts without flannel.
 * @see k3s-io/k3s pkg/agent/flannel/setup.go (`createFlannelConf`)
 */
export function backendInForce({ k3sArguments, flannelBackend }: Leftovers): string | undefined {
  const told = flagValue(k3sArguments, 'flannel-backend')
  const isServer = k3sArguments?.[0] === 'server'
  if (told === 'none') return 'none'
  if (flagValue(k3sArguments, 'flannel-conf') !== undefined || !isServer) return flannelBackend
  return told?.split('=')[0] ?? 'vxlan'
}

function flagValue(words: readonly string[] | undefined, flag: string): string | undefined {
  return words?.findLast((word) => word.startsWith(`--${flag}=`))?.slice(flag.length + 3)
}
