import { argumentsOf } from '../../k3s/addressing/component-arguments.ts'
import type { SettingText } from '../../k3s/config/effective-settings.ts'
import { flagChange, isManaged, nodeBefore } from '../consistency/changes.ts'
import { printNode } from '../consistency/told-nodes.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { isNameless } from './nameless.ts'

export const labelProtected: Rule = {
  id: 'node-label-protected',
  severity: 'error',
  title: 'a node gives itself a label that Kubernetes reserves',
  why: 'the kubelet refuses to start over it',
  fix: 'set it through the API instead: kubectl label node NODE KEY=VALUE',
  versions: 'every version',
  looksAt: ['settings'],
  sources: [
    'kubernetes/kubernetes staging/src/k8s.io/kubelet/pkg/apis/well_known_labels.go, cmd/kubelet/app/options/options.go',
  ],
  check: ({ nodes }) =>
    nodes.flatMap((node) =>
      labelItems(node).flatMap(({ text, at }) => {
        const key = labelKey(text)
        return isReserved(key) ? [{ at, what: `node-label ${key} is reserved for Kubernetes itself` }] : []
      }),
    ),
}

function labelItems({ settings }: NodeSubject): readonly SettingText[] {
  const handedOver = argumentsOf(settings, ['kubelet-arg'], 'node-labels').flatMap((argument) =>
    argument.text.split(',').map((text) => ({ ...argument, text })),
  )
  return [...(settings.get('node-label')?.values ?? []), ...handedOver]
}

function labelKey(text: string): string {
  return text.replace(/=.*$/s, '').trim()
}

function isReserved(key: string): boolean {
  const slash = key.indexOf('/')
  if (slash < 0) return false
  const namespace = key.slice(0, slash)
  const isBelow = (parent: string): boolean => namespace === parent || namespace.endsWith(`.${parent}`)
  if (!isBelow('kubernetes.io') && !isBelow('k8s.io')) return false
  return !ownLabels.has(key) && !isBelow('kubelet.kubernetes.io') && !isBelow('node.kubernetes.io')
}

/** What a kubelet may set on its own Node. */
const ownLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'node.kubernetes.io/instance-type',
])

export const labelRemoval: Rule = {
  id: 'node-label-removal',
  severity: 'warning',
  title: 'a label is taken out of node-label, and the Node keeps it',
  why: 'K3s adds and changes labels and never deletes one',
  fix: 'delete it through the API: kubectl label node NODE KEY-',
  versions: 'every version',
  looksAt: ['settings', 'live', 'before'],
  sources: ['k3s-io/k3s pkg/agent/run.go (updateMutableLabels)'],
  check: (subject) =>
    subject.nodes.flatMap((node) => {
      const kept = new Set(labelItems(node).map(({ text }) => labelKey(text)))
      return removedItems(subject, node, 'node-label').flatMap((text): Finding[] => {
        const key = labelKey(text)
        // A Node that is known and no longer has it needs nothing.
        if (kept.has(key) || (isLive(subject) && node.facts.labels[key] === undefined)) return []
        return [
          {
            at: node.settings.get('node-label')?.at ?? node.at,
            what: `${printNode(node)} keeps the label ${key}, which node-label no longer has`,
            ...(isNameless(node) ? {} : { fix: `delete it through the API: kubectl label node ${node.name} ${key}-` }),
          },
        ]
      })
    }),
}

export const taintLate: Rule = {
  id: 'node-taint-late',
  severity: 'warning',
  title: 'node-taint is not what the Node has',
  why: 'K3s sets taints when a node registers and never again',
  fix: 'change the taint through the API: kubectl taint node NODE KEY=VALUE:EFFECT',
  versions: 'every version',
  looksAt: ['settings', 'live', 'before'],
  sources: ['k3s-io/docs docs/cli/agent.md'],
  check: (subject) => (isLive(subject) ? subject.nodes.flatMap((node) => lateTaints(subject, node)) : []),
}

function lateTaints(subject: LintSubject, node: NodeSubject): Finding[] {
  const { taints } = node.facts
  if (taints === undefined) return []
  const present = new Set(taints.map(({ key, value, effect }) => printTaint(key, value ?? '', effect)))
  const written = node.settings.get('node-taint')?.values ?? []
  const missing = written.flatMap(({ text, at }): Finding[] => {
    const taint = canonicalTaint(text)
    if (taint === undefined || present.has(taint)) return []
    return [{ at, what: `node-taint ${taint} is not on ${printNode(node)}, which registered without it or lost it` }]
  })
  const stale = removedItems(subject, node, 'node-taint').flatMap((text): Finding[] => {
    const taint = canonicalTaint(text)
    if (taint === undefined || !present.has(taint)) return []
    return [{ at: node.settings.get('node-taint')?.at ?? node.at, what: `${printNode(node)} keeps the taint ${taint}` }]
  })
  return [...missing, ...stale]
}

/** `key=value:Effect`, with or without the value; undefined for what is no taint. */
function canonicalTaint(text: string): string | undefined {
  const match = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text.trim())
  if (match === null) return undefined
  const [, key = '', value = '', effect = ''] = match
  return printTaint(key, value, effect)
}

function printTaint(key: string, value: string, effect: string): string {
  return value === '' ? `${key}:${effect}` : `${key}=${value}:${effect}`
}

/** Items of a list that were given before and are given no more. */
function removedItems(subject: LintSubject, node: NodeSubject, key: string): readonly string[] {
  const before = nodeBefore(subject, node)
  if (before === undefined || flagChange(subject, before, node, key) === undefined) return []
  const now = new Set(node.settings.get(key)?.values.map(({ text }) => text) ?? [])
  if (now.size === 0 && subject.scope === 'repository' && !isManaged(before.settings.get(key))) return []
  return (before.settings.get(key)?.values ?? []).map(({ text }) => text).filter((text) => !now.has(text))
}

function isLive({ facts: { origin } }: LintSubject): boolean {
  return origin === 'live' || origin === 'capture'
}
