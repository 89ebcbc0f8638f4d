import type { Answer, Asking } from './asking.ts'
import { connect } from './tcp-probe.ts'

/** Where there is no ping: the port of the kubelet, because peers are nodes. A refusal comes from the host as well. */
const fallbackPort = 10_250

/** One echo request. */
export async function probePing(host: string, { commands, timeoutMs, signal }: Asking): Promise<Answer> {
  const ping = await commands.find('ping')
  if (ping === undefined) return await askByTcp(host, signal)
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1000))
  const ran = await commands.run([ping, '-n', '-q', '-c', '1', '-W', String(seconds), host], { timeoutMs })
  if (ran.code === 0) return { passed: true, message: `${host} answered` }
  // Exit status 1 is silence. Anything else: it could not ask, because of a missing capability or an unreachable network.
  const why = ran.stderr.trim().split('\n')[0] ?? ''
  if (ran.code === 1) return { passed: false, message: `${host} did not answer` }
  if (/permitted|denied/i.test(why)) return await askByTcp(host, signal)
  return { passed: false, message: `${host}: ${ran.failed ?? (why === '' ? `exit status ${ran.code}` : why)}` }
}

async function askByTcp(host: string, signal: AbortSignal): Promise<Answer> {
  const outcome = await connect(host, fallbackPort, signal)
  const passed = outcome === 'connected' || outcome === 'ECONNREFUSED'
  return { passed, message: `${host} port ${fallbackPort}, in place of a ping: ${outcome}` }
}
