import type { ObservedFile } from '../domain/observation.ts'
import type { Problem } from '../domain/problem.ts'
import type { ImportedMachine } from '../import/import-input.ts'
import { readInstallCommand } from '../k3s/config/cloud-init.ts'
import { findFlag } from '../k3s/flags/flag-catalogue.ts'
import { manifestName } from '../k3s/locations.ts'
import { readCloudConfig } from '../text/cloud-config.ts'
import { sha256Hex } from '../text/digest.ts'
import { readNodeConfig } from './read-node-config.ts'

/**
 * The machine that a `#cloud-config` makes: the files that it writes, and the command that installs K3s.
 * @param name of the node to be
 * @returns undefined for a text that is no `#cloud-config`
 */
export function cloudInitMachine(name: string, file: string, text: string): ImportedMachine | undefined {
  const read = readCloudConfig(file, text)
  if (read === undefined) return undefined
  const { config } = read
  const installs = config.commands.flatMap(({ command, at }) => readInstallCommand(command, at, isSwitch) ?? [])
  const install = installs.at(-1)
  const outcome = readNodeConfig({ files: new Map(config.files.map((one) => [one.path, one.text])), hideLines: true })
  const role = install?.command ?? outcome.role ?? 'server'
  const manifests = config.files.flatMap((one): [string, ObservedFile][] => {
    const manifest = manifestName(one.path)
    return manifest === undefined ? [] : [[manifest, observed(one.path, one.text)]]
  })
  const problems: readonly Problem[] = [
    ...read.problems,
    ...outcome.problems,
    ...installs.flatMap((one) => one.problems),
  ].filter(({ severity }) => severity !== 'notice')
  return {
    name,
    role,
    source: 'files',
    reading: {
      ...outcome.reading,
      arguments: [...outcome.reading.arguments, ...(install?.arguments ?? [])],
      environment: [...outcome.reading.environment, ...(install?.environment ?? [])],
    },
    ...(install?.version === undefined ? {} : { k3sVersion: install.version }),
    ...(role === 'server' ? { manifests: new Map(manifests) } : {}),
    problems,
    unreadable: [],
  }
}

function isSwitch(key: string): boolean | undefined {
  const type = findFlag(key)?.type
  return type === undefined ? undefined : type === 'boolean'
}

function observed(path: string, text: string): ObservedFile {
  const sizeBytes = Buffer.byteLength(text)
  return { path, type: 'file', mode: 0o600, ownerUid: 0, modifiedAtMs: 0, sizeBytes, digest: sha256Hex(text), text }
}
