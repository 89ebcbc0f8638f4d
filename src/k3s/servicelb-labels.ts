/**
 * Labels that decide where ServiceLB places its pods. One node with `enablelb`, whatever its value, turns the allow-list
 * on for the whole cluster.
 * @see k3s-io/k3s pkg/cloudprovider/servicelb.go; `lbpool` since v1.23.5 / v1.24
 */
export const enableLabel = 'svccontroller.k3s.cattle.io/enablelb'
export const poolLabel = 'svccontroller.k3s.cattle.io/lbpool'

/**
 * Ours: ServiceLB reconsiders a Service when an annotation changes, never for a label alone.
 * @see kubernetes/cloud-provider controllers/service/controller.go `needsUpdate`
 */
export const poolDigestAnnotation = 'fairlead.dev/lbpool-digest'
