import type { CommandPort } from '../../ports/command-port.ts'
import { checkpointFailure } from './checkpoint-failure.ts'
import type { ShellPrograms } from './print-rollback.ts'

/** @throws Failure CHECKPOINT_UNARMED on a system without the handful of programs that the scripts need */
export async function findShellPrograms(commands: CommandPort): Promise<ShellPrograms> {
  const find = async (name: string): Promise<string> => {
    const path = await commands.find(name)
    if (path !== undefined) return path
    throw checkpointFailure('CHECKPOINT_UNARMED', `${name} is not installed`, name, { fix: `install ${name}` })
  }
  const [sh, ln, rm, sleep] = await Promise.all([find('sh'), find('ln'), find('rm'), find('sleep')])
  const timeout = await commands.find('timeout')
  // busybox before 1.30 wants -t before the seconds: a timeout that does not work would fail every step.
  const works = timeout !== undefined && (await commands.run([timeout, '-s', 'KILL', '10', sh, '-c', ':'])).code === 0
  return { sh, ln, rm, sleep, ...(works ? { timeout } : {}) }
}
