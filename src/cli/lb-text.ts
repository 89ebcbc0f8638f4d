import type { NodeFacts } from '../domain/facts.ts'
import { portTexts } from '../k3s/servicelb/host-ports.ts'
import type { PredictedPod, ServicePrediction } from '../k3s/servicelb/prediction.ts'
import { selectorText } from '../k3s/servicelb/selector.ts'
import { enableLabel, poolLabel } from '../k3s/servicelb-labels.ts'
import { type LbPreview, type LbServiceState, type LbState, lbServiceState } from '../reconcile/preview-lb.ts'
import type { Colours } from './colour.ts'
import { printable } from './printable.ts'
import { formatTable } from './table.ts'

export interface LbTextStyle {
  readonly colours: Colours
  /** With roles, selectors, DaemonSets and the nodes that are left out. */
  readonly wide: boolean
  readonly columns: number | undefined
}

/** Pools, nodes, Services and what there is to know about them, after the change; addresses before it beside them. */
export function formatLb(preview: LbPreview, style: LbTextStyle): string {
  return [
    heading(preview, style),
    pools(preview, style),
    nodes(preview, style),
    services(preview, style),
    notes(preview, style),
    summary(preview),
  ]
    .filter((block) => block !== '')
    .join('\n')
}

function heading({ cluster, after }: LbPreview, { colours }: LbTextStyle): string {
  const servicelb = after.isOff ? 'ServiceLB off' : `ServiceLB ${after.era}`
  const allowList = `allow-list ${after.isAllowListOn ? 'on' : 'off'}`
  return `${colours.bold(printable(cluster))}  K3s ${printable(after.version.text)}, ${servicelb}, ${allowList}\n`
}

function pools({ after }: LbPreview, { columns }: LbTextStyle): string {
  const names = new Set([...after.nodes.map(poolOfNode), ...after.services.map((one) => one.pool)])
  const rows = [...names]
    .filter((name) => name !== undefined)
    .sort()
    .map((name) => [
      name,
      listed(after.nodes.filter((node) => poolOfNode(node) === name).map((node) => node.name)),
      listed(after.services.filter((one) => one.pool === name).map((one) => one.key)),
    ])
  return rows.length === 0 ? '' : formatTable([['POOL', 'NODES', 'SERVICES'], ...rows], { columns, wraps: true })
}

function nodes({ after }: LbPreview, { wide, columns }: LbTextStyle): string {
  const header = ['NODE', ...(wide ? ['ROLE', 'TAINTS'] : []), 'ENABLELB', 'POOL', 'INTERNAL', 'EXTERNAL', 'PORTS']
  const open = openPorts(after)
  const rows = after.nodes.map((node) => [
    node.name,
    ...(wide ? [node.role, listed((node.taints ?? []).map(({ key, effect }) => `${key}:${effect}`))] : []),
    node.labels[enableLabel] ?? '-',
    poolOfNode(node) ?? '-',
    listed(node.addresses),
    listed(node.externalAddresses ?? []),
    listed(open.get(node.name) ?? []),
  ])
  return formatTable([header, ...rows], { columns, wraps: true })
}

/** By node: `443/TCP default/web`. */
function openPorts({ services: all }: LbState): ReadonlyMap<string, readonly string[]> {
  const open = new Map<string, string[]>()
  for (const { service, key, actual } of all) {
    for (const pod of actual.pods) {
      if (pod.state !== 'ready') continue
      const ports = open.get(pod.node) ?? []
      ports.push(...portTexts(service).map((port) => `${port} ${key}`))
      open.set(pod.node, ports)
    }
  }
  return open
}

const stateColours: Readonly<Record<LbServiceState, keyof Colours>> = {
  Ready: 'green',
  Partly: 'yellow',
  Pending: 'red',
  NotServed: 'dim',
}

function services({ before, after, changed }: LbPreview, { wide, columns, colours }: LbTextStyle): string {
  const known = new Map(before.services.map((one) => [one.key, one]))
  const gone = before.services.filter((one) => !after.services.some((now) => now.key === one.key))
  const stateAt = 5
  const header = ['', 'SERVICE', 'PORTS', 'POOL', 'NODES', 'STATE', 'BEFORE', 'AFTER']
  const extra = wide ? ['SELECTOR', 'DAEMONSET', 'LEFT OUT'] : []
  const shown = after.services.map((one) => {
    const old = known.get(one.key)
    const mark = old === undefined ? '+' : changed.includes(one.key) ? '~' : ''
    return {
      state: lbServiceState(one),
      row: [mark, ...cellsOf(one), addressesOf(old), addressesOf(one), ...(wide ? wideCells(one) : [])],
    }
  })
  const removed = gone.map((one) => ({
    state: 'NotServed' as const,
    row: ['-', ...cellsOf(one).slice(0, 3), '-', 'Gone', addressesOf(one), '-', ...extra.map(() => '-')],
  }))
  const rows = [...shown, ...removed]
  if (rows.length === 0) return 'no LoadBalancer Services\n'
  return formatTable([[...header, ...extra], ...rows.map(({ row }) => row)], {
    columns,
    wraps: true,
    paint: (cell, row, column) => {
      const state = column === stateAt ? rows[row - 1]?.state : undefined
      return state === undefined ? cell : colours[stateColours[state]](cell)
    },
  })
}

/** Service, ports, pool, nodes and state. */
function cellsOf(one: ServicePrediction): string[] {
  const ready = one.actual.pods.filter((pod) => pod.state === 'ready').length
  return [
    one.key,
    listed(portTexts(one.service)),
    one.pool ?? '-',
    one.ineligibility === undefined ? `${ready}/${one.actual.candidates.length}` : '-',
    lbServiceState(one),
  ]
}

function wideCells({ selector, daemonSet, actual }: ServicePrediction): string[] {
  const left = actual.excluded.map(({ node, reason }) => `${node} (${reason})`)
  return [selectorText(selector.live ?? selector.expected), daemonSet ?? '-', listed(left)]
}

function addressesOf(one: ServicePrediction | undefined): string {
  if (one === undefined) return '-'
  const { addresses, addressesUnknown, pending } = one.actual
  if (pending !== undefined && one.ineligibility === undefined) return '<pending>'
  return listed([...addresses, ...addressesUnknown.map((node) => `<of ${node}>`)])
}

/** Why Services wait, which pods wait for which ports, and everything else worth knowing. */
function notes({ after }: LbPreview, { columns }: LbTextStyle): string {
  const rows = after.services.flatMap((one) => {
    const { key, actual, ineligibility } = one
    // Who holds which port is told below, node by node.
    const reason = ineligibility === undefined && actual.pending?.code !== 'ports-taken' ? actual.pending : undefined
    const pending = reason === undefined ? [] : [['pending', reason.text]]
    const told = [...pending, ...conflictsOf(actual.pods), ...one.notes.map(({ code, text }) => [code, text])]
    return told.map((cells) => [key, ...cells])
  })
  return rows.length === 0 ? '' : formatTable([['NOTE ON', 'ABOUT', 'WHAT'], ...rows], { columns, wraps: true })
}

/** One line for each port that somebody else holds, with the nodes where. */
function conflictsOf(pods: readonly PredictedPod[]): string[][] {
  const nodesBy = new Map<string, string[]>()
  for (const pod of pods) {
    if (pod.state !== 'pending') continue
    const what = `${pod.port} is taken by ${pod.heldBy.kind === 'pod' ? 'pod ' : ''}${pod.heldBy.key}`
    const taken = nodesBy.get(what) ?? []
    taken.push(pod.node)
    nodesBy.set(what, taken)
  }
  return [...nodesBy].map(([what, taken]) => ['conflict', `${what} on ${listed(taken)}`])
}

function summary({ changed, isCaptured, after }: LbPreview): string {
  const count = changed.length === 1 ? '1 Service is' : `${changed.length} Services are`
  const world = isCaptured ? 'than in the capture' : 'than without the pools of the repository'
  const line = changed.length === 0 ? 'nothing is served otherwise' : `${count} served otherwise`
  return after.services.length === 0 && changed.length === 0 ? '' : `${line} ${world}\n`
}

function poolOfNode({ labels }: NodeFacts): string | undefined {
  const pool = labels[poolLabel]
  return pool === '' ? undefined : pool
}

const shownItems = 6

function listed(items: readonly string[]): string {
  if (items.length === 0) return '-'
  const rest = items.length - shownItems
  return rest > 0 ? `${items.slice(0, shownItems).join(', ')} and ${rest} more` : items.join(', ')
}
