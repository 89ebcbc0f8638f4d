import { portTexts } from '../../k3s/servicelb/host-ports.ts'
import { remembered } from '../../k3s/servicelb/remembered.ts'
import { poolLabel } from '../../k3s/servicelb-labels.ts'
import type { Finding, Rule } from '../rule.ts'
import type { LintSubject } from '../subject.ts'
import { isServicelbOn, predictionsToCome } from './cluster-to-come.ts'
import { type ServiceToCome, servedServices } from './services-to-come.ts'

const source = 'k3s-io/k3s pkg/cloudprovider/servicelb.go'
const traefikKey = 'kube-system/traefik'

export const portConflict: Rule = {
  id: 'slb-port-conflict',
  severity: 'error',
  title: 'two LoadBalancer Services want one port of one node',
  why: 'a port of a node has one owner: the pods of the younger Service stay pending there, with all of its ports',
  fix: 'choose another port, or put the two into pools of different nodes',
  versions: 'every version',
  looksAt: ['manifests', 'live'],
  sources: [source],
  check: (subject) =>
    conflicts(subject)
      .filter(({ pair }) => !pair.includes(traefikKey))
      .map(finding),
}

export const portTraefik: Rule = {
  id: 'slb-port-traefik',
  severity: 'error',
  title: "a Service wants a port of the packaged Traefik on Traefik's nodes",
  why: 'a port of a node has one owner: whichever Service comes second stays pending there, with all of its ports',
  fix: 'choose another port, give Traefik a pool of its own (service.labels in its values), or disable it',
  versions: 'every version',
  looksAt: ['manifests', 'live', 'settings'],
  sources: [source, 'k3s-io/k3s manifests/traefik.yaml'],
  check: (subject) =>
    conflicts(subject)
      .filter(({ pair }) => pair.includes(traefikKey))
      .map(finding),
}

interface Conflict {
  readonly loser: ServiceToCome
  readonly pair: readonly [string, string]
  readonly port: string
  /** Where the nodes are known. */
  readonly nodes: readonly string[]
}

function finding({ loser, pair, port, nodes }: Conflict): Finding {
  const where = nodes.length === 0 ? '' : ` on ${nodes.slice(0, 3).join(', ')}${nodes.length > 3 ? ' and others' : ''}`
  return { at: loser.at('spec', 'ports'), what: `${pair[0]} and ${pair[1]} want ${port}${where}` }
}

const knownConflicts = new WeakMap<LintSubject, readonly Conflict[]>()

function conflicts(subject: LintSubject): readonly Conflict[] {
  const found = knownConflicts.get(subject) ?? findConflicts(subject)
  knownConflicts.set(subject, found)
  return found
}

/** Each Service against the older ones, the first that is in its way for each port. */
function findConflicts(subject: LintSubject): Conflict[] {
  const services = isServicelbOn(subject) ? servedServices(subject) : []
  const setOf = remembered((names: readonly string[]): ReadonlySet<string> => new Set(names))
  const meeting = remembered((a: ReadonlySet<string>) =>
    remembered((b: ReadonlySet<string>) => [...a].filter((node) => b.has(node))),
  )
  const candidates = new Map(predictionsToCome(subject).map(({ key, ideal }) => [key, setOf(ideal.candidates)]))
  const byPort = new Map<string, ServiceToCome[]>()
  const found: Conflict[] = []
  for (const one of services) {
    for (const port of portTexts(one.service)) {
      const older = byPort.get(port) ?? []
      for (const other of older) {
        const [a, b] = [candidates.get(other.key), candidates.get(one.key)]
        const nodes = a === undefined || b === undefined ? undefined : meeting(a)(b)
        if (nodes === undefined ? !surelyMeet(other, one) : nodes.length === 0) continue
        const loser = one.isAssumed ? other : one
        found.push({ loser, pair: [other.key, one.key], port, nodes: nodes ?? [] })
        break
      }
      older.push(one)
      byPort.set(port, older)
    }
  }
  return found
}

/**
 * Without knowing the nodes: one pool, or none, has the same nodes for both, and a Service without a pool is on those of
 * every other. Two pools may be apart.
 */
function surelyMeet(a: ServiceToCome, b: ServiceToCome): boolean {
  const [one, other] = [a.service.labels[poolLabel] ?? '', b.service.labels[poolLabel] ?? '']
  return one === '' || other === '' || one === other
}
