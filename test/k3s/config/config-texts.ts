import type { ConfigFileReading, NodeConfigReading } from '../../../src/domain/k3s-config-reading.ts'
import type { EffectiveSettings } from '../../../src/k3s/config/effective-settings.ts'
import { findFlag } from '../../../src/k3s/flags/flag-catalogue.ts'
import { readK3sConfigFile } from '../../../src/text/k3s-config-file.ts'

export const mainFile = '/etc/rancher/k3s/config.yaml'

export function isBoolean(key: string): boolean | undefined {
  const type = findFlag(key)?.type
  return type === undefined ? undefined : type === 'boolean'
}

/** A main file and drop-ins, read from what is written in them. */
export function configFiles(
  main: string | undefined,
  dropIns: Readonly<Record<string, string>> = {},
): ConfigFileReading[] {
  const texts = [
    ...(main === undefined ? [] : [[mainFile, main] as const]),
    ...Object.entries(dropIns).map(([name, text]) => [`${mainFile}.d/${name}`, text] as const),
  ]
  return texts.map(([path, text]) => readK3sConfigFile(path, text).file)
}

export function reading(parts: Partial<NodeConfigReading>): NodeConfigReading {
  return { files: [], ignoredFiles: [], arguments: [], environment: [], ...parts }
}

/** `key=text` with where each value came from: the golden form of settings. */
export function provenance(settings: EffectiveSettings): string[] {
  return [...settings.values()].flatMap(({ key, values, at }) => {
    if (values.length === 0) return [`${key} has no values (${place(at.place)})`]
    return values.map((value) => `${key}=${value.text} (${value.origin} ${place(value.at.place)})`)
  })
}

function place({
  file,
  line,
  column,
}: {
  readonly file: string
  readonly line: number
  readonly column: number
}): string {
  return `${file.split('/').at(-1)}:${line}:${column}`
}
