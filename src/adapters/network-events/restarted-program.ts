import type { CommandPort } from '../../ports/command-port.ts'
import type { LogPort } from '../../ports/log-port.ts'

const firstWaitMs = 100
const longestWaitMs = 30_000
/** A program that ran this long was well; its next end is a new story. */
const wellAfterMs = 60_000
/** Until a monitor surely listens; what happened before is unknown. */
const listeningAfterMs = 200

export interface FollowedProgram {
  readonly commands: CommandPort
  readonly log: LogPort
  readonly argv: readonly [string, ...string[]]
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void
  /** It listens from now on, and has not done so before. */
  readonly onListening: () => void
}

/** Keeps a program running that ought never to end: started again with back-off until `stop`. */
export function keepRunning(program: FollowedProgram): { readonly stop: () => Promise<void> } {
  const { commands, log, argv, onLine, onListening } = program
  let stopped = false
  let waitMs = firstWaitMs
  let timer: NodeJS.Timeout | undefined
  let running: ReturnType<CommandPort['follow']> | undefined
  const start = (): void => {
    const startedMs = performance.now()
    timer = setTimeout(onListening, listeningAfterMs)
    running = commands.follow(argv, { onLine, onEnd: (reason) => again(reason, performance.now() - startedMs) })
  }
  const again = (reason: string, livedMs: number): void => {
    clearTimeout(timer)
    if (stopped) return
    if (livedMs > wellAfterMs) waitMs = firstWaitMs
    const fields = { program: argv[0], reason, againInMs: waitMs }
    if (waitMs === firstWaitMs) log.warn(fields, 'network monitor ended')
    else log.debug(fields, 'network monitor ended')
    timer = setTimeout(start, waitMs)
    waitMs = Math.min(longestWaitMs, waitMs * 2)
  }
  start()
  return {
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await running?.stop()
    },
  }
}
