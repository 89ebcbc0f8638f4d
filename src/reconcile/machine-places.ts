import type { RunningK3s } from '../domain/host.ts'
import type { NodeConfigReading } from '../domain/k3s-config-reading.ts'
import { withoutTrailingSlashes } from '../domain/plain-path.ts'
import { effectiveSettings, scalarOf } from '../k3s/config/effective-settings.ts'
import { k3sPaths } from '../k3s/locations.ts'
import type { FindPlaces } from '../ports/host-reader-port.ts'
import { type NodeConfigOutcome, readNodeConfig } from './read-node-config.ts'

/** Where the files of one K3s are, by its service, its configuration, and, where there is no service, its process. */
export const machinePlaces: FindPlaces = (texts, running) => {
  const { reading, location, environmentFiles } = readMachineConfig(texts, running)
  return {
    configFile: location.path,
    dropInDirectory: location.dropInDirectory,
    environmentFiles,
    dataDirectory: dataDirectoryOf(reading),
    namedFiles: namedFiles(reading),
  }
}

/** A K3s that no service starts is told by its own arguments and variables; those of a service are in its files. */
export function readMachineConfig(
  texts: ReadonlyMap<string, string>,
  running: RunningK3s | undefined,
): NodeConfigOutcome {
  // Their lines may hold a token under a misspelt name: none of them is shown.
  const fromFiles = readNodeConfig({ files: texts, hideLines: true })
  if (running === undefined || fromFiles.role !== undefined) return fromFiles
  const at = { place: { file: `process ${running.pid}`, line: 1, column: 1 } }
  return readNodeConfig({
    files: texts,
    hideLines: true,
    arguments: { words: titleApart(running.arguments), at },
    environment: { values: withoutOwn(running.environment), at },
  })
}

export function dataDirectoryOf(reading: NodeConfigReading): string {
  const written = withoutTrailingSlashes(scalarOf(effectiveSettings(reading), 'data-dir')?.text ?? '')
  return written.startsWith('/') ? written : k3sPaths.dataDir
}

function namedFiles(reading: NodeConfigReading): readonly string[] {
  const settings = effectiveSettings(reading)
  return ['flannel-conf', 'flannel-cni-conf'].flatMap((key) => {
    const path = scalarOf(settings, key)?.text
    return path?.startsWith('/') === true ? [path] : []
  })
}

/** A K3s that is up has one text in place of its arguments: `/usr/local/bin/k3s server`. */
export function titleApart(args: readonly string[]): readonly string[] {
  const [title = '', ...rest] = args
  const [, binary, command] = /^(\S+) (server|agent)\s*$/.exec(title) ?? []
  return binary === undefined || command === undefined ? args : [binary, command, ...rest]
}

/**
 * K3s sets this one for itself, to the place that it was unpacked to.
 * @see k3s-io/k3s cmd/k3s/main.go (`stageAndRun`)
 */
export function withoutOwn(environment: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => name !== 'K3S_DATA_DIR'))
}
