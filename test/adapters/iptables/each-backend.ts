import { afterEach, beforeEach, describe } from 'vitest'
import type { IptablesOptions } from '../../../src/adapters/iptables/open-iptables.ts'
import type { IptablesBackend } from '../../../src/domain/network-program.ts'
import type { FilterProgram } from '../../../src/domain/packet-filter.ts'
import type { FilterDrift, FilterObservation } from '../../../src/ports/packet-filter-port.ts'
import { type Namespace, newNamespace, whyNoNamespaces } from '../../netns/namespace.ts'
import { type IptablesPlane, iptablesPlane } from './iptables-plane.ts'

export const signal = new AbortController().signal

const why = await whyNoNamespaces(['ip', 'iptables-nft', 'iptables-legacy', 'ipset', 'unshare', 'nft', 'flock'])

/** What the tests of one backend work with; anew for each test. */
export interface BackendLab {
  readonly backend: IptablesBackend
  readonly node: () => Namespace
  readonly plane: () => IptablesPlane
  /** Another adapter on the same node. */
  readonly open: (options: Partial<IptablesOptions>) => Promise<IptablesPlane>
}

export function eachBackend(title: string, tests: (lab: BackendLab) => void): void {
  for (const backend of ['nft', 'legacy'] as const) {
    describe.skipIf(why !== undefined)(`${title}: ${backend}${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
      let node: Namespace
      let opened: IptablesPlane[]
      const open = async (options: Partial<IptablesOptions>): Promise<IptablesPlane> => {
        const plane = await iptablesPlane(node, backend, options)
        opened.push(plane)
        return plane
      }
      beforeEach(async () => {
        node = await newNamespace('tables')
        opened = []
        await open({})
      })
      afterEach(async () => {
        await Promise.all(opened.map((plane) => plane.down()))
        await node.down()
      })
      const plane = (): IptablesPlane => {
        const [first] = opened
        if (first === undefined) throw new Error('asked for before a test began')
        return first
      }
      tests({ backend, node: () => node, plane, open })
    })
  }
}

export function driftsOf(seen: FilterObservation): readonly FilterDrift[] {
  return seen.kind === 'settled' ? [] : seen.drifts
}

export async function driftLines(plane: IptablesPlane, program: FilterProgram): Promise<readonly string[]> {
  const drifts = driftsOf(await plane.filter.observe(program, signal))
  return drifts.map(({ kind, family, table, name }) => `${kind} ${family} ${table} ${name}`)
}
