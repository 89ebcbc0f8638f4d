import type { Problem } from '../domain/problem.ts'
import type { DesiredState } from '../schema/documents.ts'
import { clusterFinding } from './finding.ts'

/** flannel options that this backend ignores, or that K3s would stumble over. */
export function lintOverlay(desired: DesiredState): Problem[] {
  const { plugin, flannel } = desired.cluster.spec.cni
  const problems: Problem[] = []
  if (plugin === 'flannel' && flannel.directRouting && flannel.backend !== 'vxlan') {
    problems.push(
      clusterFinding(desired, ['spec', 'cni', 'flannel', 'directRouting'], {
        code: 'DIRECT_ROUTING_NEEDS_VXLAN',
        what: `directRouting is on and the backend is ${flannel.backend}`,
        why: 'only the vxlan backend knows it; with a flannel-conf file it would silently become the backend',
        fix: 'use backend: vxlan, or take directRouting away',
      }),
    )
  }
  if (plugin !== 'flannel' && (flannel.directRouting || flannel.interface !== undefined || flannel.ipv6Masq)) {
    problems.push(
      clusterFinding(desired, ['spec', 'cni', 'flannel'], {
        code: 'FLANNEL_OPTIONS_UNUSED',
        severity: 'warning',
        what: `flannel options are written and the plugin is ${plugin}`,
        why: 'nothing reads them',
        fix: 'take them away, or use plugin: flannel',
      }),
    )
  }
  return problems
}
