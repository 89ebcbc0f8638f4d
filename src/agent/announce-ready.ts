import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { PassReporter } from '../reconcile/pass-reporter.ts'
import type { Machine } from './this-machine.ts'

/** What the unit of K3s waits for, by way of ours: `ExecStartPost=` of the agent's unit looks for it. */
const readyFile = '/run/fairlead/ready'
/** The kernel is looked at beside the files; it is not waited for longer. */
const kernelPatienceMs = 5_000

/**
 * Says that files, rules and routes of this machine are as they should be, as far as they can be, so that K3s may start:
 * after the first pass, and after whatever `held` waits for. Where it cannot be said, whoever waits goes on by himself.
 */
export function announceReady(
  reporter: PassReporter,
  machine: Pick<Machine, 'root' | 'clock' | 'log'>,
  held: Promise<void>,
  signal: AbortSignal,
): void {
  const { root, clock, log } = machine
  const path = `${root === '/' ? '' : root}${readyFile}`
  const looked = Promise.withResolvers<void>()
  const stop = reporter.subscribe(() => {
    const ready = reporter.current()?.conditions.find(({ type }) => type === 'Ready')
    if (ready !== undefined && ready.reason !== 'Progressing') looked.resolve()
    else void clock.sleep(kernelPatienceMs, signal).then(() => looked.resolve())
  })
  const announce = async (): Promise<void> => {
    await rm(path, { force: true })
    await Promise.all([looked.promise, held])
    stop()
    if (signal.aborted) return
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
    await writeFile(path, `${process.pid}\n`, { mode: 0o644 })
  }
  announce().catch((error: unknown) => {
    stop()
    log.warn({ path, error: String(error) }, 'it cannot be said that this machine is ready; K3s starts after a while')
  })
}
