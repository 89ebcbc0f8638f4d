import type { LocatedLine, Problem } from '../../domain/problem.ts'
import type { Environment } from './environment-file.ts'
import type { LocatedWord } from './located-word.ts'

/** How a service manager starts K3s. */
export interface ServiceReading {
  /** argv, beginning with the binary; empty where it cannot be told, which a problem then says. */
  readonly words: readonly LocatedWord[]
  /** Variables that the service sets itself. */
  readonly environment: Environment
  /** Files of variables in their order; a later one wins over an earlier one, and all over `environment`. */
  readonly environmentFiles: readonly EnvironmentFileName[]
  readonly problems: readonly Problem[]
}

export interface EnvironmentFileName {
  readonly path: string
  /** The service starts without it. */
  readonly isOptional: boolean
  readonly reader: 'systemd' | 'shell'
  readonly at: LocatedLine
}

/**
 * Whether a command line starts K3s itself.
 * @returns the words, or the problem that keeps them from being understood
 */
export function k3sWords(words: readonly LocatedWord[]): readonly LocatedWord[] | Problem {
  const [binary, first] = words
  const name = binary?.text.split('/').at(-1) ?? ''
  if (binary === undefined || /^k3s(-\w+)?$/.test(name)) return words
  const runsScript = /^(ba|da|a|z|k)?sh$|^busybox$/.test(name) && (first?.text ?? '').startsWith('-')
  return {
    code: 'SERVICE_WRAPPED',
    severity: 'warning',
    ...binary.at,
    what: runsScript ? `the service runs a shell script through ${name}` : `the service starts ${name}, not k3s`,
    why: 'what K3s is given in the end is decided while that runs, so its flags cannot be told from the unit',
    fix: 'let the service start k3s directly, and put flags into /etc/rancher/k3s/config.yaml',
  }
}
