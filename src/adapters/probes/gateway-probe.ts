import type { CommandPort } from '../../ports/command-port.ts'
import type { Answer, Asking } from './asking.ts'
import { readDefaultGateway, readNeighbourState } from './ip-output.ts'
import { probePing } from './ping-probe.ts'

/**
 * The router of the default route answers, an echo or at least the question for its link address: many routers filter
 * echoes, none can filter that. What the cache knows about it is forgotten first, and learnt anew with the next packet:
 * a filter that swallows neighbour discovery goes unnoticed as long as the entry is warm.
 */
export async function probeGateway(family: 4 | 6 | undefined, asking: Asking): Promise<Answer> {
  const { commands } = asking
  const ip = await commands.find('ip')
  if (ip === undefined) return { passed: false, message: 'ip is not installed' }
  const found = await findGateway(commands, ip, family)
  if (found === undefined) return { passed: false, message: 'there is no default route with a gateway' }
  const { gateway, device, of } = found
  const neighbour = ['to', gateway, 'dev', device]
  await commands.run([ip, of, 'neigh', 'flush', ...neighbour])
  // A link-local router is only known together with its link.
  const host = gateway.startsWith('fe80:') ? `${gateway}%${device}` : gateway
  const pinged = await probePing(host, { ...asking, timeoutMs: Math.max(200, Math.floor(asking.timeoutMs * 0.8)) })
  if (pinged.passed) return { passed: true, message: `the gateway ${gateway} answered` }
  const listed = await commands.run([ip, of, '-j', 'neigh', 'show', ...neighbour])
  const state = readNeighbourState(listed.stdout)
  return state === 'REACHABLE' || state === 'PERMANENT' || state === 'NOARP'
    ? { passed: true, message: `the gateway ${gateway} is there, and does not answer echoes` }
    : { passed: false, message: `the gateway ${gateway} did not answer (${state ?? 'no neighbour entry'})` }
}

async function findGateway(commands: CommandPort, ip: string, family: 4 | 6 | undefined) {
  for (const version of family === undefined ? ([4, 6] as const) : [family]) {
    const of = `-${version}`
    const { stdout } = await commands.run([ip, of, '-j', 'route', 'show', 'default'])
    const route = readDefaultGateway(stdout)
    if (route !== undefined) return { ...route, of }
  }
  return undefined
}
