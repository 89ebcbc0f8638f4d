import type { Problem } from '../domain/problem.ts'
import type { NodeProgram } from '../domain/program.ts'
import { exceededLimits } from '../render/firewall/program-limits.ts'

const words = { rules: 'rules', chains: 'chains', setMembers: 'addresses in sets' } as const

/** Packet filters that are larger than a node should be given, each at the documents of its cluster. */
export function oversizedPrograms(programs: readonly NodeProgram[], clusterDirectory: string): readonly Problem[] {
  return programs.flatMap(({ node, network }) =>
    (network?.filter === undefined ? [] : exceededLimits(network.filter)).map(({ family, what, found, limit }) => ({
      code: 'FILTER_TOO_LARGE',
      severity: 'error' as const,
      place: { file: `${clusterDirectory}/network.yaml`, line: 1, column: 1 },
      what: `the IPv${family} packet filter of ${node} has ${found} ${words[what]}`,
      why: `more than ${limit} take the kernel seconds to load and to list, on every look`,
      fix: 'name networks instead of addresses, and ranges instead of ports',
    })),
  )
}
