import type { ConfigEntry } from '../../../src/domain/k3s-config-reading.ts'
import type { LintSubject } from '../../../src/lint/subject.ts'
import { node, subject } from '../../lab/lint-subject.ts'
import { configFile, dropIn, entry, list, nodeConfig, scalar } from './node-config.ts'

type NodeLiteral = NonNullable<Parameters<typeof node>[0]>

export const one = (literal: NodeLiteral, version?: string): LintSubject =>
  subject({ nodes: [node(literal)], ...(version === undefined ? {} : { version }) })
export const server = (settings: NonNullable<NodeLiteral['settings']>, version?: string): LintSubject =>
  one({ settings }, version)
export const agent = (settings: NonNullable<NodeLiteral['settings']>, version?: string): LintSubject =>
  one({ role: 'agent', settings }, version)
export const machine = (config: Parameters<typeof nodeConfig>[0], version?: string): LintSubject => ({
  ...one({ config: nodeConfig(config) }, version),
  scope: 'machine',
})
export const written = (...entries: readonly ConfigEntry[]): LintSubject => machine({ files: [configFile(entries)] })

/** The file that Fairlead writes. */
export const managed = configFile([entry('disable', list(scalar('traefik')))], dropIn('90-fairlead.yaml'))
