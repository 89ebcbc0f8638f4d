import type { ConfigArgument, NodeConfigReading } from '../../domain/k3s-config-reading.ts'
import type { LocatedLine, Problem } from '../../domain/problem.ts'
import { k3sPaths } from '../locations.ts'
import { variableOf } from './environment.ts'

/** Where one K3s looks for its configuration. */
export interface ConfigLocation {
  /** The main file; not below the root of any machine where it is an address. */
  readonly path: string
  readonly dropInDirectory: string
  readonly chosenBy: 'default' | 'environment' | 'command-line'
  /** Where it was chosen; absent for the default. */
  readonly at?: LocatedLine
  readonly problems: readonly Problem[]
}

/**
 * The main configuration file: `K3S_CONFIG_FILE` wins over `--config`, which wins over the default. An address is
 * told: what it holds is not on the machine, while its drop-ins are.
 * @see k3s-io/k3s pkg/configfilearg/parser.go (`findConfigFileFlag`, `readConfigFileData`)
 */
export function configLocation(
  args: readonly ConfigArgument[],
  environment: NodeConfigReading['environment'],
): ConfigLocation {
  const variable = variableOf(environment, 'K3S_CONFIG_FILE')
  // Of several the first counts, other than for every flag that the command line itself reads.
  const argument = args.find((candidate) => candidate.key === 'config' || candidate.key === 'c')
  if (variable !== undefined) return location(variable.value, 'environment', variable.at)
  if (argument !== undefined) return location(argument.text, 'command-line', argument.at)
  return { path: k3sPaths.config, dropInDirectory: k3sPaths.configDropIns, chosenBy: 'default', problems: [] }
}

function location(path: string, chosenBy: ConfigLocation['chosenBy'], at: LocatedLine): ConfigLocation {
  const problems = isAddress(path) ? [notOnThisMachine(at)] : []
  return { path, dropInDirectory: `${path}.d`, chosenBy, at, problems }
}

/**
 * The files of one K3s among those of a machine, in the order in which it reads them: the main file, then what its
 * drop-in directory holds, by the bytes of the names. Names that do not end in `.yaml` or `.yml`, and whatever lies
 * deeper, are not read.
 */
export function configFilesAmong(
  paths: Iterable<string>,
  location: Pick<ConfigLocation, 'path' | 'dropInDirectory'>,
): { readonly read: readonly string[]; readonly ignored: readonly string[] } {
  const read: string[] = []
  const ignored: string[] = []
  let main: string | undefined
  for (const path of paths) {
    if (path === location.path) main = path
    else if (path.startsWith(`${location.dropInDirectory}/`)) {
      const name = path.slice(location.dropInDirectory.length + 1)
      if (!name.includes('/') && /\.ya?ml$/i.test(name)) read.push(path)
      else ignored.push(path)
    }
  }
  return {
    read: [...(main === undefined ? [] : [main]), ...read.sort(compareBytes)],
    ignored: ignored.sort(compareBytes),
  }
}

/** `10-` before `2-`, and capitals before small letters. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function isAddress(path: string): boolean {
  return /^https?:\/\//.test(path)
}

/** The address itself is not shown: it may carry a password. */
function notOnThisMachine(at: LocatedLine): Problem {
  return {
    code: 'CONFIG_NOT_ON_MACHINE',
    severity: 'warning',
    place: at.place,
    what: 'the configuration file is an http address',
    why: 'K3s downloads it at every start; what it says is not known here and may change at any time',
    fix: 'keep the configuration in a file on the machine, and name that',
  }
}
