import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import type { StatusSnapshot } from '../domain/status.ts'

/** What a command ends with that made, or asked for, a pass. */
export function verdictExitCode(verdict: StatusSnapshot['verdict']): ExitCode {
  switch (verdict) {
    case 'settled':
    case 'pending':
      return exitCode.done
    case 'blocked':
      return exitCode.denied
    case 'failed':
    case 'unknown':
      return exitCode.failed
    default:
      return verdict satisfies never
  }
}
