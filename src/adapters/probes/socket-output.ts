/** One established connection to a port of this machine, as `ss -HOtin` shows it. */
export interface Session {
  readonly port: number
  readonly peer: string
  /** Times that the wait for an acknowledgement was doubled; 0 while all is well. */
  readonly backoff: number
  readonly lastSentMs: number
  readonly lastReceivedMs: number
}

/** @see ss(8) */
export function readSessions(output: string): readonly Session[] {
  return output.split('\n').flatMap((line) => {
    // Queues, local and peer address, then words of `name:value`; the state is not printed when it was asked for.
    const words = line.trim().split(/\s+/)
    const [, , local = '', remote = ''] = words
    const port = Number(local.slice(local.lastIndexOf(':') + 1))
    const peer = remote.slice(0, remote.lastIndexOf(':')).replace(/^\[(?:::ffff:)?(.*)\]$/, '$1')
    if (peer === '' || !Number.isInteger(port) || port === 0) return []
    const number = (name: string): number => {
      const word = words.find((candidate) => candidate.startsWith(`${name}:`))
      return word === undefined ? 0 : Number(word.slice(name.length + 1)) || 0
    }
    return [
      { port, peer, backoff: number('backoff'), lastSentMs: number('lastsnd'), lastReceivedMs: number('lastrcv') },
    ]
  })
}
