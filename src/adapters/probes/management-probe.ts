import type { CommandPort } from '../../ports/command-port.ts'
import type { Answer, Asking } from './asking.ts'
import { readLinkUp, readRouteGet } from './ip-output.ts'
import { readSessions, type Session } from './socket-output.ts'

/**
 * The way back to those who manage this node: every peer has a route by a device that is up, and no session with them has
 * gone silent while we send. A node cannot try its own inbound path, so this does not prove that a new connection from
 * outside is let in; a peer or a person does.
 */
export async function probeManagement(
  { peers, ports }: { readonly peers: readonly string[]; readonly ports: readonly number[] },
  { commands }: Asking,
): Promise<Answer> {
  const ip = await commands.find('ip')
  if (ip === undefined) return { passed: false, message: 'ip is not installed' }
  const objections = await Promise.all(peers.map((peer) => wayObjection(commands, ip, peer)))
  const blocked = objections.find((objection) => objection !== undefined)
  if (blocked !== undefined) return { passed: false, message: blocked }
  const sessions = await liveSessions(commands, peers, ports)
  const silent = sessions.find(isSilent)
  if (silent !== undefined) {
    return { passed: false, message: `a session with ${silent.peer} on port ${silent.port} gets no answers any more` }
  }
  const seen = sessions.length === 0 ? 'no session to watch' : 'its sessions go on'
  return { passed: true, message: `there is a way to ${peers.join(', ')}; ${seen}` }
}

async function wayObjection(commands: CommandPort, ip: string, peer: string): Promise<string | undefined> {
  const got = await commands.run([ip, '-j', 'route', 'get', peer])
  if (got.code !== 0) return `no way to ${peer}: ${got.failed ?? got.stderr.trim().split('\n')[0] ?? ''}`
  const way = readRouteGet(got.stdout)
  if ('error' in way) return `no way to ${peer}: ${way.error}`
  const link = await commands.run([ip, '-j', 'link', 'show', 'dev', way.device])
  return readLinkUp(link.stdout) ? undefined : `the way to ${peer} leaves by ${way.device}, which is down`
}

async function liveSessions(
  commands: CommandPort,
  peers: readonly string[],
  ports: readonly number[],
): Promise<readonly Session[]> {
  if (ports.length === 0) return []
  const [asked, of] = [new Set(ports), new Set(peers)]
  return (await establishedSessions(commands)).filter(({ port, peer }) => asked.has(port) && of.has(peer))
}

/** Every established TCP connection of this machine; none where `ss` is not installed. */
export async function establishedSessions(commands: CommandPort): Promise<readonly Session[]> {
  const ss = await commands.find('ss')
  if (ss === undefined) return []
  const { stdout } = await commands.run([ss, '-H', '-O', '-t', '-i', '-n', 'state', 'established'])
  return readSessions(stdout)
}

/** Data was sent again and again and nothing came back since; a session that merely idles has nothing outstanding. */
function isSilent({ backoff, lastSentMs, lastReceivedMs }: Session): boolean {
  return backoff >= 2 && lastReceivedMs > lastSentMs
}
