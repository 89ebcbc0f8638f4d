import { itemsOf } from '../../k3s/config/effective-settings.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'
import { knowsFlag } from '../versioned-flags/known-flag.ts'
import { printNode, toldServers } from './told-nodes.ts'

const shared = {
  severity: 'error',
  fix: 'write the same disable list on every server',
  looksAt: ['settings'],
} as const

export const disableEqual: Rule = {
  ...shared,
  id: 'con-disable-equal',
  title: 'servers disable different components',
  why: 'what one server deploys another one deletes, each time one of them starts',
  versions: '1.17.4 and later',
  sources: ['k3s-io/k3s pkg/deploy/controller.go', 'k3s-io/docs docs/cli/server.md'],
  check: (subject) => unequalItems(subject, (item) => item !== 'servicelb'),
}

export const serviceLbEqual: Rule = {
  ...shared,
  id: 'con-servicelb-equal',
  title: 'ServiceLB is disabled on some servers only',
  why: 'releases since 1.24.7 / 1.25.3 do not notice it: load balancers come and go with the leader of the cloud controller',
  versions: 'every version',
  sources: ['k3s-io/k3s pkg/daemons/config/types.go'],
  check: (subject) => unequalItems(subject, (item) => item === 'servicelb'),
}

function unequalItems(subject: LintSubject, isMeant: (item: string) => boolean): Finding[] {
  const [first, ...others] = toldServers(subject).filter((server) => knowsFlag(subject, server, 'disable'))
  if (first === undefined) return []
  const expected = disabledOf(first)
  return others.flatMap((other) => {
    const found = disabledOf(other)
    return [...new Set([...expected, ...found])]
      .filter((item) => isMeant(item) && expected.has(item) !== found.has(item))
      .sort()
      .map((item): Finding => {
        const [has, lacks] = found.has(item) ? [other, first] : [first, other]
        return {
          at: other.settings.get('disable')?.at ?? has.settings.get('disable')?.at ?? other.at,
          what: `${item} is disabled on ${printNode(has)} and not on ${printNode(lacks)}`,
        }
      })
  })
}

/** K3s trims the items. An empty one, which means every file to it, is told of by pkg-disable-empty. */
function disabledOf({ settings }: NodeSubject): ReadonlySet<string> {
  return new Set(
    itemsOf(settings, 'disable')
      .map(({ text }) => text.trim())
      .filter((item) => item !== ''),
  )
}
