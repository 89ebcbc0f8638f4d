import type { ServicePrediction } from '../k3s/servicelb/prediction.ts'
import { enableLabel, poolLabel } from '../k3s/servicelb-labels.ts'
import { type LbPreview, type LbState, lbServiceState } from '../reconcile/preview-lb.ts'

/** The placement for programs: `kind: LoadBalancerPreview`, stable. */
export function lbAsJson({ cluster, isCaptured, before, after, changed }: LbPreview): object {
  return {
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'LoadBalancerPreview',
    cluster,
    captured: isCaptured,
    changed,
    before: stateAsJson(before),
    after: stateAsJson(after),
  }
}

function stateAsJson({ version, era, isOff, isAllowListOn, nodes, services }: LbState): object {
  return {
    k3sVersion: version.text,
    era,
    enabled: !isOff,
    allowList: isAllowListOn,
    nodes: nodes.map(({ name, role, labels, addresses, externalAddresses = [] }) => ({
      name,
      role,
      enabled: labels[enableLabel],
      pool: labels[poolLabel],
      addresses,
      externalAddresses,
    })),
    services: services.map(serviceAsJson),
  }
}

function serviceAsJson(prediction: ServicePrediction): object {
  const { service, key, pool, daemonSet, ineligibility, selector, ideal, actual, notes } = prediction
  return {
    service: key,
    ports: (service.ports ?? []).map(({ port, protocol }) => ({ port, protocol })),
    pool,
    state: lbServiceState(prediction),
    notServedBecause: ineligibility,
    daemonSet,
    selector,
    ideal,
    actual,
    notes,
  }
}
