import { componentGates } from './component-gates.ts'
import type { FeatureGate } from './feature-gate.ts'
import type { K3sVersion } from './k3s-version.ts'
import { networkGates } from './network-gates.ts'
import { isWithin } from './release-floors.ts'

export type Feature = keyof typeof networkGates | keyof typeof componentGates

const gates: Readonly<Record<Feature, FeatureGate>> = { ...networkGates, ...componentGates }

/** Every feature that has a gate, in the order of the tables. */
export const features: readonly Feature[] = Object.keys(gates).filter(isFeature)

/**
 * Whether a release has a feature. Patch releases of several branches appear on the same day, so each branch has a
 * floor of its own.
 * @see k3s-networking §0.1
 */
export function supports(feature: Feature, version: K3sVersion): boolean {
  return isWithin(gates[feature], version)
}

export function gateOf(feature: Feature): FeatureGate {
  return gates[feature]
}

function isFeature(name: string): name is Feature {
  return Object.hasOwn(gates, name)
}
