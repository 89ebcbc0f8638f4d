import { type CorefileWord, corefileShape, type TopLevelLine } from './corefile-lines.ts'
import { corednsPlugins, packagedOnce } from './plugins.ts'

export type CustomEntryKind = 'server' | 'override' | 'ignored'

/** One thing that is wrong with an entry of `coredns-custom`. */
export interface CustomEntryFault {
  readonly kind:
    | 'ignored'
    | 'braces'
    | 'closed-behind-directive'
    | 'no-zone'
    | 'plugin-as-zone'
    | 'block-in-override'
    | 'default-zone'
    | 'no-directive'
    /** A plugin of the packaged block that may stand there once. */
    | 'stands-already'
    | 'unknown-plugin'
  /** The word in question. */
  readonly word?: string
  /** Line of the entry, from 1. */
  readonly line: number
}

/**
 * What the packaged Corefile does with a key: `*.server` becomes server blocks of their own, `*.override` lines of the
 * default one, everything else is mounted and not read.
 * @see k3s-io/k3s manifests/coredns.yaml
 */
export function customEntryKind(key: string): CustomEntryKind {
  if (/^.+\.server$/.test(key)) return 'server'
  return /^.+\.override$/.test(key) ? 'override' : 'ignored'
}

export function customEntryFaults(key: string, text: string): CustomEntryFault[] {
  const kind = customEntryKind(key)
  if (kind === 'ignored') return [{ kind: 'ignored', line: 1 }]
  const { topLevel, unclosed, closedBehindDirective, directives } = corefileShape(text)
  if (unclosed !== 0) return [{ kind: 'braces', line: text.trimEnd().split('\n').length }]
  if (kind === 'override') return topLevel.flatMap(overrideFaults)
  return [
    ...closedBehindDirective.map((line) => ({ kind: 'closed-behind-directive', line }) as const),
    ...serverFaults(topLevel),
    ...directives.flatMap(unknownPlugin),
  ]
}

/** Whether the default server block gets a `forward` of its own from this text. */
export function forwardsEverything(key: string, text: string): TopLevelLine | undefined {
  if (customEntryKind(key) !== 'override') return undefined
  return corefileShape(text).topLevel.find(({ words }) => words[0] === 'forward')
}

function serverFaults(lines: readonly TopLevelLine[]): CustomEntryFault[] {
  // The names of one block may stand on several lines, each but the last ending in a comma.
  const heads = lines.filter(({ words }) => words.length > 0 && words[0] !== 'import')
  return heads.flatMap(({ words, opensBlock, line }): CustomEntryFault[] => {
    const [first = ''] = words
    if (first.startsWith('(')) return []
    if (!opensBlock) return words.at(-1)?.endsWith(',') === true ? [] : [{ kind: 'no-zone', word: first, line }]
    if (plugins.has(first) && words.length === 1) return [{ kind: 'plugin-as-zone', word: first, line }]
    const rootZone = words.find((word) => isDefaultZone(word.replace(/,$/, '')))
    return rootZone === undefined ? [] : [{ kind: 'default-zone', word: rootZone, line }]
  })
}

function overrideFaults({ words, opensBlock, line }: TopLevelLine): CustomEntryFault[] {
  const [first = ''] = words
  if (packagedOnce.has(first)) return [{ kind: 'stands-already', word: first, line }]
  if (isPluginName(first)) return unknownPlugin({ word: first, line })
  return [{ kind: opensBlock ? 'block-in-override' : 'no-directive', word: first, line }]
}

function unknownPlugin({ word, line }: CorefileWord): CustomEntryFault[] {
  const isKnown = word === 'import' || !isPluginName(word) || corednsPlugins.includes(word)
  return isKnown ? [] : [{ kind: 'unknown-plugin', word, line }]
}

function isPluginName(word: string): boolean {
  return /^[a-z][a-z0-9_]*$/.test(word)
}

/** The packaged Corefile has `.:53` itself; a second one keeps CoreDNS from starting. */
function isDefaultZone(word: string): boolean {
  return /^(dns:\/\/)?\.(:53)?$/.test(word)
}

/** Plugins that people put at the top of a server entry by mistake; no zone is called so. */
const plugins: ReadonlySet<string> = new Set([
  'cache',
  'errors',
  'file',
  'forward',
  'health',
  'hosts',
  'kubernetes',
  'log',
  'loop',
  'prometheus',
  'ready',
  'reload',
  'rewrite',
  'template',
])
