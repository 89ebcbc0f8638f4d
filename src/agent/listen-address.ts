import { Failure } from '../domain/failure.ts'

/**
 * `127.0.0.1:8420`, `[::1]:8420`, `localhost:0`.
 * @returns undefined for `off`
 * @throws Failure SETTING_INVALID
 */
export function listenAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  if (text === 'off') return undefined
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text)
  const [host, port] = [match?.[1], Number(match?.[2])]
  if (host !== undefined && port <= 65_535) return { host, port }
  throw new Failure(`--listen: ${JSON.stringify(text)} is no address`, {
    code: 'SETTING_INVALID',
    where: '--listen',
    fix: 'write host:port, like 127.0.0.1:8420 or [::1]:8420, or off',
    retry: 'never',
  })
}
