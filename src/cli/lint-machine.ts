import { resolve } from 'node:path'
import { openHostReader } from '../adapters/host/host-reader.ts'
import { Failure } from '../domain/failure.ts'
import type { Rule } from '../lint/rule.ts'
import { leftUnsaid, lintMachine } from '../reconcile/lint-machine.ts'
import { machinePlaces } from '../reconcile/machine-places.ts'
import type { CommandCall } from './command.ts'
import type { LintReport } from './lint-report.ts'
import { printable } from './printable.ts'

/**
 * The files of one machine, and, where it is this one, its kernel; the cluster around it is not asked.
 * @throws Failure K3S_NOT_FOUND: a wrong mount has no errors, and is not healthy for that
 */
export async function lintHostRoot(
  { terminal, options, settings }: CommandCall,
  hostRoot: string,
  only: readonly Rule[] | undefined,
): Promise<LintReport> {
  const root = resolve(terminal.workingDirectory, hostRoot)
  const reading = await openHostReader({ root, findPlaces: machinePlaces }).read(terminal.interrupted)
  const version = options['k3s-version']
  const linted = lintMachine(
    {
      reading,
      ...(settings.node === undefined ? {} : { name: settings.node }),
      ...(typeof version === 'string' ? { version } : {}),
    },
    only,
  )
  const { view, problems, skipped, withoutRelease } = linted
  if (!view.hasK3s) throw noK3s(root)
  for (const { path, reason } of reading.unreadable) {
    terminal.err.write(`not read: ${printable(path)} (${printable(reason)})\n`)
  }
  for (const line of leftUnsaid(linted)) terminal.err.write(`${line}\n`)
  const machine = {
    root,
    node: view.node.name,
    role: view.node.role,
    ...(view.node.version === undefined ? {} : { k3sVersion: view.node.version.text }),
    notRead: reading.unreadable,
    rulesLeftOut: skipped + withoutRelease,
  }
  const isIncomplete = view.unreadConfig.length > 0
  return { lookedAt: { machine }, title: printable(view.node.name), problems, isIncomplete }
}

function noK3s(root: string): Failure {
  return new Failure(`no K3s found below ${root}: neither its binary nor its service, configuration or data`, {
    code: 'K3S_NOT_FOUND',
    where: root,
    fix: 'name the directory that the machine is mounted at with --host-root',
    retry: 'never',
  })
}
