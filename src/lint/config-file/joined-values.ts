import { commaSeparated, type SettingText } from '../../k3s/config/effective-settings.ts'
import type { Finding, Rule } from '../rule.ts'
import type { NodeSubject } from '../subject.ts'

export const joinedValueRules: readonly Rule[] = [
  {
    id: 'cfg-comma-space',
    severity: 'error',
    title: 'a space inside a list that is joined with commas',
    why: 'K3s splits at the commas and keeps the spaces, and an address with a space is none',
    fix: 'write a YAML list, or take the spaces away',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['k3s-io/k3s pkg/util/args.go'],
    check: (subject) => subject.nodes.flatMap(spacedLists),
  },
  {
    id: 'cfg-kubelet-dup',
    severity: 'warning',
    title: 'an argument of a Kubernetes process that is given twice',
    why: 'the last one wins; only key+=value and key-=value add to what stands before them',
    fix: 'keep one of them, or append with +=',
    versions: 'every version',
    looksAt: ['settings'],
    sources: ['k3s-io/k3s pkg/daemons/config/types.go'],
    check: (subject) => subject.nodes.flatMap((node) => argumentLists.flatMap((key) => repeated(node, key))),
  },
]

function spacedLists(node: NodeSubject): readonly Finding[] {
  // The items of disable are the only ones that K3s trims.
  return [...node.settings.values()]
    .filter(({ key }) => key !== 'disable' && commaSeparated.has(key))
    .flatMap(({ key, values }) =>
      values
        .filter(({ text }) => text.includes(',') && text.split(',').some((item) => item !== item.trim()))
        .map(({ text, at }) => ({ at, what: `${key} is ${JSON.stringify(text)}, with a space beside a comma` })),
    )
}

const argumentLists = ['kubelet-arg', 'kube-proxy-arg'] as const

function repeated(node: NodeSubject, key: (typeof argumentLists)[number]): readonly Finding[] {
  const seen = new Set<string>()
  return (node.settings.get(key)?.values ?? []).flatMap((value) => {
    const { name, adds } = argumentOf(value)
    const isRepeated = seen.has(name)
    seen.add(name)
    return isRepeated && !adds ? [{ at: value.at, what: `${key} sets ${name} again` }] : []
  })
}

/** `feature-gates=A=true` is the argument feature-gates; `k+=v` and `k-=v` add to it. */
function argumentOf({ text }: SettingText): { readonly name: string; readonly adds: boolean } {
  const [before = ''] = text.replace(/^--/, '').split('=', 1)
  const adds = text.includes('=') && /[+-]$/.test(before)
  return { name: adds ? before.slice(0, -1) : before, adds }
}
