import { Resolver } from 'node:dns/promises'
import type { Answer, Asking } from './asking.ts'

/** The server answered, only not with an address: the way to it is free. */
const answersAllTheSame = new Set(['ENOTFOUND', 'ENODATA'])

/** One query for the address of a name, to one server or to those of resolv.conf. */
export async function probeDns(
  { name, server }: { readonly name: string; readonly server?: string },
  { timeoutMs, signal }: Pick<Asking, 'timeoutMs' | 'signal'>,
): Promise<Answer> {
  const resolver = new Resolver({ timeout: Math.max(100, Math.floor(timeoutMs / 2)), tries: 2 })
  if (server !== undefined) resolver.setServers([server])
  signal.addEventListener('abort', () => resolver.cancel(), { once: true })
  const asked = server ?? resolver.getServers().join(', ')
  try {
    await resolver.resolve4(name)
    return { passed: true, message: `${asked} answered for ${name}` }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    return answersAllTheSame.has(code)
      ? { passed: true, message: `${asked} answered for ${name}: ${code}` }
      : { passed: false, message: `${asked} for ${name}: ${code}` }
  }
}
