import type { AddressFamily } from '../../domain/cidr.ts'
import { type AddressPlan, addressPlanOf, familiesOf } from '../../k3s/addressing/address-plan.ts'
import { scalarOf } from '../../k3s/config/effective-settings.ts'
import { toldServers } from '../consistency/told-nodes.ts'
import type { LintSubject, NodeSubject } from '../subject.ts'

export interface ServerPlan {
  readonly node: NodeSubject
  readonly plan: AddressPlan
}

/** How each server understands the addresses of the cluster. */
export function plansOf(subject: LintSubject): readonly ServerPlan[] {
  return toldServers(subject).map((node) => ({ node, plan: planOf(node) }))
}

function planOf(node: NodeSubject): AddressPlan {
  return addressPlanOf(node.settings, node.facts.addresses)
}

/**
 * The families of the pod ranges in their order: those that a server is told, else those of its default; undefined
 * where no server is known or its default is not.
 */
export function clusterFamiliesOf(plans: readonly ServerPlan[]): readonly AddressFamily[] | undefined {
  const written = plans.find(({ plan }) => plan.pods.some((range) => range.at !== undefined))
  const chosen = written ?? plans.find(({ plan }) => plan.nodeFamily !== undefined)
  return chosen === undefined ? undefined : familiesOf(chosen.plan, chosen.plan.pods)
}

/** The plan that speaks for the cluster: one that is written, else one whose defaults are certain, else any. */
export function clusterPlanOf(plans: readonly ServerPlan[]): ServerPlan | undefined {
  return (
    plans.find(({ plan }) => [...plan.pods, ...plan.services].some((range) => range.at !== undefined)) ??
    plans.find(({ plan }) => plan.nodeFamily !== undefined) ??
    plans[0]
  )
}

/** What carries pod traffic, `vxlan` where no server says otherwise; undefined where no server is known. */
export function flannelBackendOf(subject: LintSubject): string | undefined {
  const servers = toldServers(subject)
  if (servers.length === 0) return undefined
  for (const { settings } of servers) {
    const backend = scalarOf(settings, 'flannel-backend')
    if (backend !== undefined) return backend.text
  }
  return 'vxlan'
}

/** Where a key is written on a node; the node itself for a default. */
export function placeOfKey(node: NodeSubject, key: string): NodeSubject['at'] {
  return node.settings.get(key)?.at ?? node.at
}
