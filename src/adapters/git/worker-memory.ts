import { readFile } from 'node:fs/promises'

const pageBytes = 4096
const lookEveryMs = 200

/**
 * Calls back once when a process holds more memory than `maxBytes`. A small download can unpack to any size, and most
 * of it lies outside of the heap that Node itself would limit. Where there is no `/proc`, nothing is watched.
 *
 * @returns ends the watch
 */
export function watchMemory(pid: number, maxBytes: number, onExceeded: () => void): () => void {
  const timer = setInterval(() => {
    void residentBytes(pid).then((bytes) => {
      if (bytes <= maxBytes) return
      clearInterval(timer)
      onExceeded()
    })
  }, lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** @see proc_pid_statm(5): the second number counts resident pages */
async function residentBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/statm`, 'latin1').catch(() => '')
  return Number(text.split(' ')[1] ?? 0) * pageBytes
}
