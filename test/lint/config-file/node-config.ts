import type {
  ConfigEntry,
  ConfigFileReading,
  ConfigScalar,
  ConfigValue,
  NodeConfigReading,
} from '../../../src/domain/k3s-config-reading.ts'
import { at } from '../../lab/lint-subject.ts'

export const mainFile = '/etc/rancher/k3s/config.yaml'
export const dropIn = (name: string): string => `${mainFile}.d/${name}`

/** A value as it is written and as K3s gets it: bare text unless something else is said. */
export function scalar(text: string, own: Partial<ConfigScalar> = {}): ConfigScalar {
  return { kind: 'scalar', type: 'string', text, source: text, isQuoted: false, at: at(`value ${text}`), ...own }
}

export function list(...items: readonly ConfigValue[]): ConfigValue {
  return { kind: 'list', items }
}

/** `disable+` appends, `disable` does not. */
export function entry(writtenKey: string, value: ConfigValue | string, file = mainFile): ConfigEntry {
  const appends = writtenKey.endsWith('+')
  return {
    key: appends ? writtenKey.slice(0, -1) : writtenKey,
    appends,
    value: typeof value === 'string' ? scalar(value) : value,
    at: at(`${file}#${writtenKey}`),
  }
}

export function configFile(entries: readonly ConfigEntry[], path: string = mainFile, documents = 1): ConfigFileReading {
  return { path, documents, entries, at: at(path) }
}

interface ConfigLiteral extends Partial<Pick<NodeConfigReading, 'files' | 'ignoredFiles'>> {
  readonly arguments?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
}

export function nodeConfig({ files = [], ignoredFiles = [], ...rest }: ConfigLiteral): NodeConfigReading {
  return {
    files,
    ignoredFiles,
    arguments: Object.entries(rest.arguments ?? {}).map(([key, text]) => ({ key, text, at: at(`k3s.service#${key}`) })),
    environment: Object.entries(rest.environment ?? {}).map(([name, value]) => ({ name, value, at: at('k3s.env') })),
  }
}
