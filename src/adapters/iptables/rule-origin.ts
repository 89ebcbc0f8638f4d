import type { RuleOrigin } from '../../domain/packet-filter.ts'

/** The place that asked for a rule: `clusters/home/nodes/edge.yaml spec.firewall.input[2]`. */
export function describeOrigin(origin: RuleOrigin): string {
  return origin.kind === 'failsafe' ? `built-in rule ${origin.name}` : `${origin.file} ${origin.path}`
}
