import type { NodeFacts } from '../../domain/facts.ts'

/**
 * What K3s on a node was started with, from the Node's annotation: values of one flag, in order. Undefined where the
 * annotation is missing or is no list of texts.
 * @param flag its long name: `disable`
 * @see k3s-io/k3s pkg/nodeconfig/nodeconfig.go
 */
export function startedWith(node: NodeFacts, flag: string): readonly string[] | undefined {
  const words = wordsIn(node.annotations?.['k3s.io/node-args'])
  return words?.flatMap((word, index) => {
    if (word === `--${flag}`) return (words[index + 1] ?? '').split(',')
    return word.startsWith(`--${flag}=`) ? word.slice(flag.length + 3).split(',') : []
  })
}

/** Servers whose arguments disable ServiceLB. */
export function disabledServersIn(nodes: readonly NodeFacts[]): ReadonlySet<string> {
  const disables = (node: NodeFacts): boolean =>
    node.role === 'server' && (startedWith(node, 'disable') ?? []).some((item) => item.trim() === 'servicelb')
  return new Set(nodes.filter(disables).map((node) => node.name))
}

function wordsIn(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : undefined
  } catch {
    return undefined
  }
}
