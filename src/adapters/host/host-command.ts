import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'

/** Where systems keep their commands. PATH is not asked: it is whoever started us who wrote it. */
export const commandDirectories: readonly string[] = [
  '/usr/sbin',
  '/sbin',
  '/usr/bin',
  '/bin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/opt/bin',
]

const timeoutMs = 10_000
const maximumOutputBytes = 64 * 1024 * 1024

/** Runs a command of the machine that only reads; its output, or undefined where it is missing, fails or takes long. */
export type RunCommand = (name: string, args: readonly string[], signal: AbortSignal) => Promise<string | undefined>

export const runHostCommand: RunCommand = async (name, args, signal) => {
  const path = findCommand(name)
  if (path === undefined) return undefined
  signal.throwIfAborted()
  return await new Promise((resolve, reject) => {
    const options = {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: maximumOutputBytes,
      cwd: '/',
      env: { PATH: commandDirectories.join(':'), LC_ALL: 'C' },
      signal,
    } as const
    execFile(path, [...args], options, (error, stdout) => {
      if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
      else resolve(error === null ? stdout : undefined)
    }).stdin?.end()
  })
}

/** @param name of a command, or an absolute path */
function findCommand(name: string): string | undefined {
  const paths = name.startsWith('/') ? [name] : commandDirectories.map((directory) => `${directory}/${name}`)
  return paths.find((path) => isTrusted(path))
}

/** A file that others may write to is nobody's command. */
function isTrusted(path: string): boolean {
  try {
    const stats = statSync(path)
    const isOwned = stats.uid === 0 || stats.uid === process.geteuid?.()
    return stats.isFile() && isOwned && (stats.mode & 0o111) !== 0 && (stats.mode & 0o002) === 0
  } catch {
    return false
  }
}
