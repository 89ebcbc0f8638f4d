import { Failure } from '../../domain/failure.ts'
import type { CommandResult } from '../../ports/command-port.ts'

/** A program that should have answered and did not. @param what was asked: `iptables-nft-save` */
export function commandFailed(what: string, result: CommandResult): Failure {
  const said = result.stderr.trim().split('\n').at(-1) ?? ''
  const how = result.failed ?? result.signal ?? `exit status ${result.code}`
  return new Failure(`${what} failed (${how})${said === '' ? '' : `: ${said}`}`, {
    code: 'CLEANUP_FAILED',
    where: what,
    fix: 'run it by hand as root and see what it says; nothing more was removed',
    retry: 'soon',
  })
}

/** Somebody kept writing the same table for as long as we tried, or made again at once what was removed. */
export function stillActive(where: string): Failure {
  return new Failure(`${where} is still being written: what was to go came back, or changed each time`, {
    code: 'CLEANUP_STILL_ACTIVE',
    where,
    fix: 'its owner still runs, or another program uses its chains: stop it, and look with fairlead cleanup --dry-run',
    retry: 'soon',
  })
}

/** The lock of iptables was held, or the kernel was short of something: nothing is known, nothing was changed. */
export function tableLocked(where: string, said: string): Failure {
  return new Failure(`${where} could not be changed: ${said.trim().split('\n').at(-1) ?? 'no answer'}`, {
    code: 'CLEANUP_LOCKED',
    where,
    fix: 'see who holds /run/xtables.lock (fuser /run/xtables.lock), then try again',
    retry: 'soon',
  })
}

/** Somebody put a native rule into a table of iptables, which then shows none of its rules. */
export function tableHidden(where: string): Failure {
  return new Failure(`${where} holds rules that only nft can show`, {
    code: 'CLEANUP_UNSUPPORTED',
    where,
    fix: 'see them with nft list ruleset, and move them to a table of their own',
    retry: 'when-changed',
  })
}

export function toolMissing(program: string): Failure {
  return new Failure(`${program} is not installed`, {
    code: 'CLEANUP_UNSUPPORTED',
    where: program,
    fix: `install ${program}; without it what it manages cannot be seen`,
    retry: 'when-changed',
  })
}

export function fileNotMoved(path: string, cause: unknown): Failure {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new Failure(
    `${path} could not be moved into the quarantine: ${why}`,
    { code: 'CLEANUP_FAILED', where: path, fix: 'see why with ls -ld, and move it away by hand', retry: 'soon' },
    { cause },
  )
}
