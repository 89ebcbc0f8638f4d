import type { Namespace } from '../../test/netns/namespace.ts'

export interface KernelLine {
  /** On the clock of `performance.now()`. */
  readonly atMs: number
  readonly line: string
}

/** What a monitor of the kernel printed in a namespace, each line with the time of its arrival. */
export interface KernelMonitor {
  /** The first line since `fromMs` that is wanted. @throws Error when none comes within the limit */
  next(isWanted: (line: string) => boolean, fromMs: number, limitMs?: number): Promise<KernelLine>
  stop(): Promise<void>
}

/** More than a program of ten thousand rules makes when it is written twice. */
const keptLines = 50_000

/** `nft monitor`: each transaction ends with a line of its own. */
export const isCommit = (line: string): boolean => line.startsWith('# new generation')

export async function monitorKernel(ns: Namespace, argv: readonly [string, ...string[]]): Promise<KernelMonitor> {
  let lines: KernelLine[] = []
  const waiting = new Set<(line: KernelLine) => void>()
  const followed = ns.commands.follow(argv, {
    onLine: (line) => {
      const now = { atMs: performance.now(), line }
      lines.push(now)
      if (lines.length > keptLines) lines = lines.slice(-keptLines / 2)
      for (const look of waiting) look(now)
    },
    onEnd: (reason) => {
      throw new Error(`${argv.join(' ')}: ${reason}`)
    },
  })
  // Both begin to listen within a few milliseconds.
  await new Promise((resolve) => setTimeout(resolve, 200))
  return {
    next: (isWanted, fromMs, limitMs = 10_000) =>
      new Promise((resolve, reject) => {
        const isIt = ({ atMs, line }: KernelLine): boolean => atMs > fromMs && isWanted(line)
        const settle = (found: KernelLine | undefined): void => {
          clearTimeout(timer)
          waiting.delete(look)
          if (found === undefined) reject(new Error(`${argv.join(' ')}: nothing of it within ${limitMs} ms`))
          else resolve(found)
        }
        const look = (line: KernelLine): void => {
          if (isIt(line)) settle(line)
        }
        const timer = setTimeout(() => settle(undefined), limitMs)
        const known = lines.find(isIt)
        if (known === undefined) waiting.add(look)
        else settle(known)
      }),
    stop: () => followed.stop(),
  }
}
