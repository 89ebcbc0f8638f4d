import type { NodeRole } from '../domain/facts.ts'
import type { ConfigFileReading, NodeConfigReading } from '../domain/k3s-config-reading.ts'
import type { LocatedLine, Problem } from '../domain/problem.ts'
import { type ArgumentReading, readArguments } from '../k3s/config/arguments.ts'
import { type ConfigLocation, configFilesAmong, configLocation } from '../k3s/config/discovery.ts'
import { type Environment, readEnvironmentFile, variable } from '../k3s/config/environment-file.ts'
import { type LocatedWord, wordsAt } from '../k3s/config/located-word.ts'
import { readOpenrcService } from '../k3s/config/openrc-service.ts'
import { type ServiceFiles, serviceFilesAmong } from '../k3s/config/service-files.ts'
import type { EnvironmentFileName, ServiceReading } from '../k3s/config/service-reading.ts'
import { readSystemdUnit } from '../k3s/config/systemd-unit.ts'
import { fillUnitVariables } from '../k3s/config/unit-variables.ts'
import { findFlag } from '../k3s/flags/flag-catalogue.ts'
import { readK3sConfigFile } from '../text/k3s-config-file.ts'

export interface NodeConfigSources {
  /** Texts of a machine by absolute path, as K3s sees it; those that have nothing to do with it are not looked at. */
  readonly files: ReadonlyMap<string, string>
  /** Which service is meant; absent, the one that the files show, a server's before an agent's. */
  readonly service?: ServiceFiles
  /** argv beginning with the binary, where no service is known: of a container, of a command that somebody typed. */
  readonly arguments?: { readonly words: readonly string[]; readonly at: LocatedLine }
  /** Variables beside those of the service; they win. */
  readonly environment?: { readonly values: Readonly<Record<string, string>>; readonly at: LocatedLine }
  /** No line of any file is shown. */
  readonly hideLines?: boolean
}

export interface NodeConfigOutcome {
  readonly reading: NodeConfigReading
  /** What the command line makes of the machine; absent where it does not say. */
  readonly role?: NodeRole
  readonly location: ConfigLocation
  /** Files of variables that the service names, found or not. */
  readonly environmentFiles: readonly string[]
  readonly problems: readonly Problem[]
}

/**
 * Everything that tells K3s on one machine how to run, from the texts of its files: the service with its variables, the
 * configuration file that it chooses, and the drop-ins. Texts that are missing are missing: nothing is made up for them.
 */
export function readNodeConfig(sources: NodeConfigSources): NodeConfigOutcome {
  const service = readService(sources)
  const fromFiles = readEnvironmentFiles(service?.environmentFiles ?? [], sources.files)
  const environment = [
    ...(service?.environment ?? []),
    ...fromFiles.environment,
    ...Object.entries(sources.environment?.values ?? {}).map(([name, value]) =>
      variable(name, value, sources.environment?.at ?? nowhere),
    ),
  ]
  const command = readCommand(sources, service, environment)
  const location = configLocation(command.arguments, environment)
  const found = configFilesAmong(sources.files.keys(), location)
  const files: ConfigFileReading[] = []
  const problems: Problem[] = []
  for (const path of found.read) {
    const hideLines = sources.hideLines === true
    const read = readK3sConfigFile(path, sources.files.get(path) ?? '', { hideLines })
    files.push(read.file)
    problems.push(...read.problems)
  }
  const ignoredFiles = found.ignored.map((path) => ({ place: { file: path, line: 1, column: 1 } }))
  return {
    reading: { files, ignoredFiles, arguments: command.arguments, environment },
    ...(command.command === undefined ? {} : { role: command.command }),
    location,
    environmentFiles: (service?.environmentFiles ?? []).map(({ path }) => path),
    problems: [
      ...(service?.problems ?? []),
      ...fromFiles.problems,
      ...command.problems,
      ...location.problems,
      ...problems,
    ],
  }
}

const nowhere: LocatedLine = { place: { file: 'environment', line: 1, column: 1 } }

function readService({ files, service }: NodeConfigSources): ServiceReading | undefined {
  const [found] = service === undefined ? serviceFilesAmong(new Set(files.keys())) : [service]
  if (found === undefined) return undefined
  const texts = [found.unit, ...found.dropIns].flatMap((path) => {
    const text = files.get(path)
    return text === undefined ? [] : [{ path, text }]
  })
  const [unit] = texts
  if (unit === undefined) return undefined
  return found.manager === 'systemd' ? readSystemdUnit(texts) : readOpenrcService(unit)
}

function readEnvironmentFiles(
  names: readonly EnvironmentFileName[],
  files: ReadonlyMap<string, string>,
): { readonly environment: Environment; readonly problems: readonly Problem[] } {
  const readings = names.map((name) => {
    const text = files.get(name.path)
    if (text !== undefined) return readEnvironmentFile(name.path, text, name.reader)
    return { environment: [], problems: name.isOptional ? [] : [environmentFileUnknown(name)] }
  })
  return {
    environment: readings.flatMap((reading) => reading.environment),
    problems: readings.flatMap((reading) => reading.problems),
  }
}

function readCommand(
  sources: NodeConfigSources,
  service: ServiceReading | undefined,
  environment: Environment,
): ArgumentReading {
  const isBoolean = (key: string): boolean | undefined => {
    const type = findFlag(key)?.type
    return type === undefined ? undefined : type === 'boolean'
  }
  const own = sources.arguments
  const words: readonly LocatedWord[] =
    service !== undefined && service.words.length > 0
      ? fillUnitVariables(service.words, environment)
      : wordsAt(own?.words ?? [], own?.at ?? nowhere)
  return readArguments(words, { isBoolean })
}

function environmentFileUnknown(name: EnvironmentFileName): Problem {
  return {
    code: 'ENVIRONMENT_FILE_UNKNOWN',
    severity: 'warning',
    ...name.at,
    what: `the service needs ${name.path}, which was not found`,
    why: 'systemd does not start the service without it, and what it sets is not known',
    fix: `create the file, or write EnvironmentFile=-${name.path} if the service can do without it`,
  }
}
