import { readFileSync } from 'node:fs'
import type { ArtefactId } from '../../../src/domain/artefact.ts'
import type { CleanupArtefact, CleanupKind } from '../../../src/domain/cleanup.ts'
import type { CleanupPlan, Leftovers, Removal } from '../../../src/domain/leftovers.ts'
import { type CleanupInput, planCleanups } from '../../../src/plan/cleanups/plan-cleanups.ts'
import { parseIptablesSave } from '../../../src/text/iptables-save.ts'

const fixtures = new URL('../../fixtures/k3s-v1.21.2/', import.meta.url)

export function recording(name: string): string {
  return readFileSync(new URL(name, fixtures), 'utf8')
}

/** A node with nothing on it, but for what is given. */
export function leftoversOf(given: Partial<Leftovers> = {}): Leftovers {
  return {
    tables: [],
    sets: [],
    nftTables: [],
    links: [],
    routes: [],
    files: [],
    containers: undefined,
    k3sArguments: ['server'],
    programs: ['k3s-server'],
    ...given,
  }
}

/** Tables of the nft backend, IPv4, from what `iptables-save` prints. */
export function tablesOf(text: string): Leftovers['tables'] {
  return [{ backend: 'nft', family: 'v4', tables: parseIptablesSave(text).tables }]
}

export function artefactOf(cleanup: CleanupKind, changes: Partial<CleanupArtefact> = {}): CleanupArtefact {
  return {
    kind: 'cleanup',
    id: `cleanup:${cleanup}` as ArtefactId,
    cleanup,
    origin: 'spec.cni.plugin',
    clusterCIDRs: ['10.42.0.0/16'],
    keepDevices: [],
    ...changes,
  }
}

/** A plan in which everything was watched long enough and every question was answered with yes, unless told otherwise. */
export function planOf(
  cleanup: CleanupKind | CleanupArtefact,
  leftovers: Leftovers,
  changes: Partial<CleanupInput> = {},
): CleanupPlan {
  return planCleanups({
    leftovers,
    cleanups: [typeof cleanup === 'string' ? artefactOf(cleanup) : cleanup],
    silentForMs: () => 60_000,
    requiredSilenceMs: 60_000,
    allowWidening: true,
    vouched: new Set(),
    ...changes,
  })
}

export function chainsOf(plan: CleanupPlan): readonly Extract<Removal, { kind: 'chains' }>[] {
  return plan.removals.filter((removal) => removal.kind === 'chains')
}

export const container = (digit: string): string => digit.repeat(64)
