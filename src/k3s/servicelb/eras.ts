import { supports } from '../version/feature-gates.ts'
import type { K3sVersion } from '../version/k3s-version.ts'
import { type ReleaseFloors, reaches } from '../version/release-floors.ts'

/** `standalone`: a controller of its own; `cloud-provider`: part of the embedded cloud controller. */
export type ServicelbEra = 'standalone' | 'cloud-provider'

export function servicelbEra(version: K3sVersion): ServicelbEra {
  return supports('servicelb-in-cloud-controller', version) ? 'cloud-provider' : 'standalone'
}

/**
 * What becomes of the addresses of several families in a status. `unfiltered`: all of them; `by-policy`: those that
 * ipFamilyPolicy asks for, sorted as one list; `sorted`: those of ipFamilies, sorted as one list; `in-order`: those of
 * ipFamilies, family by family.
 */
export type FamilyHandling = 'unfiltered' | 'by-policy' | 'sorted' | 'in-order'

export function familyHandling(version: K3sVersion): FamilyHandling {
  if (reaches(familiesInOrder, version)) return 'in-order'
  if (reaches(familiesAlone, version)) return 'sorted'
  return reaches(familiesByPolicy, version) ? 'by-policy' : 'unfiltered'
}

/** @see k3s-io/k3s#4114 */
const familiesByPolicy: ReleaseFloors = ['1.21.6', '1.22.3']
/** @see k3s-io/k3s#6978, and #6987, #6988, #6989 for the older branches */
const familiesAlone: ReleaseFloors = ['1.23.17', '1.24.11', '1.25.7', '1.26.2']
/** @see k3s-io/k3s#8704, and #8850, #8851 for the older branches */
const familiesInOrder: ReleaseFloors = ['1.25.16', '1.26.11', '1.27.8', '1.28.4']

/**
 * Whether loadBalancerSourceRanges reach the packet filter: klipper-lb 0.4.0 and later.
 * @see k3s-networking §5.6
 */
export function enforcesSourceRanges(version: K3sVersion): boolean {
  return reaches(['1.23.14', '1.24.8', '1.25.4'], version)
}
