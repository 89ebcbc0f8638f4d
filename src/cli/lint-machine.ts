import { resolve } from 'node:path'
import { openHostReader } from '../adapters/host/host-reader.ts'
import type { Rule } from '../lint/rule.ts'
import { lintMachine } from '../reconcile/lint-machine.ts'
import { machinePlaces } from '../reconcile/machine-places.ts'
import type { CommandCall } from './command.ts'
import type { LintReport } from './lint-report.ts'
import { printable } from './printable.ts'

/** The files of one machine, and, where it is this one, its kernel; the cluster around it is not asked. */
export async function lintHostRoot(
  { terminal, options, settings }: CommandCall,
  hostRoot: string,
  only: readonly Rule[] | undefined,
): Promise<LintReport> {
  const root = resolve(terminal.workingDirectory, hostRoot)
  const reading = await openHostReader({ root, findPlaces: machinePlaces }).read(terminal.interrupted)
  const version = options['k3s-version']
  const { view, problems, skipped } = lintMachine(
    {
      reading,
      ...(settings.node === undefined ? {} : { name: settings.node }),
      ...(typeof version === 'string' ? { version } : {}),
    },
    only,
  )
  for (const { path, reason } of reading.unreadable) {
    terminal.err.write(`not read: ${printable(path)} (${printable(reason)})\n`)
  }
  if (skipped > 0) {
    terminal.err.write(`${skipped} rules about flags were left out: without these files nobody knows them\n`)
  }
  const machine = { root, node: view.node.name, role: view.node.role, notRead: reading.unreadable }
  return { lookedAt: { machine }, title: printable(view.node.name), problems }
}
