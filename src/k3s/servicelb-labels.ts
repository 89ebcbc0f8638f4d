/**
 * Labels that decide where ServiceLB places its pods. One node with `enablelb`, whatever its value, turns the allow-list
 * on for the whole cluster.
 * @see k3s-io/k3s pkg/cloudprovider/servicelb.go; `lbpool` since v1.23.5 / v1.24
 */
export const enableLabel = 'svccontroller.k3s.cattle.io/enablelb'
export const poolLabel = 'svccontroller.k3s.cattle.io/lbpool'

/** In front of the name of a pool: a node in several pools. Merged upstream in 2026 (k3s-io/k3s#14547). */
export const multiPoolLabelPrefix = 'lbpool.svccontroller.k3s.cattle.io/'

/** Annotations of a Service. @see k3s-io/k3s pkg/cloudprovider/servicelb.go */
export const priorityClassAnnotation = 'svccontroller.k3s.cattle.io/priorityclassname'
export const tolerationsAnnotation = 'svccontroller.k3s.cattle.io/tolerations'

/** @see kubernetes/cloud-provider service/helpers/helper.go */
export const sourceRangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges'

/**
 * Ours: ServiceLB reconsiders a Service when an annotation changes, never for a label alone.
 * @see kubernetes/cloud-provider controllers/service/controller.go `needsUpdate`
 */
export const poolDigestAnnotation = 'fairlead.dev/lbpool-digest'

/** Ours as well, for the moment until a DaemonSet with a stale selector was written anew. */
export const triggerAnnotation = 'fairlead.dev/servicelb-trigger'
