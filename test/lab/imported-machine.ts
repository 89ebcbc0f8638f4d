import { fileURLToPath } from 'node:url'
import { openHostReader } from '../../src/adapters/host/host-reader.ts'
import type { Facts } from '../../src/domain/facts.ts'
import type { HostReading } from '../../src/domain/host.ts'
import type { NodeProgram } from '../../src/domain/program.ts'
import type { ImportedCluster } from '../../src/import/import-input.ts'
import { type PlannedNode, planNode } from '../../src/plan/plan-node.ts'
import { type Compiled, compileRevision } from '../../src/reconcile/compile-revision.ts'
import { importedRepository } from '../../src/reconcile/imported-repository.ts'
import { knownFacts } from '../../src/reconcile/known-facts.ts'
import { loadDesired } from '../../src/reconcile/load-desired.ts'
import { machinePlaces, readMachineConfig } from '../../src/reconcile/machine-places.ts'
import { textsOf } from '../../src/reconcile/machine-subject.ts'
import { renderNodeProgram } from '../../src/render/node-program.ts'
import { planInput } from './planning.ts'

const signal = new AbortController().signal

/** A machine of test/fixtures/machines, as it is read with `--host-root`. */
export function readMachine(name: string): Promise<HostReading> {
  const root = fileURLToPath(new URL(`../fixtures/machines/${name}`, import.meta.url))
  return openHostReader({ root, findPlaces: machinePlaces }).read(signal)
}

export function factsOf(node: string, role: 'server' | 'agent'): Facts {
  return { origin: 'live', nodes: [{ name: node, role, labels: {}, addresses: [] }], services: [] }
}

export function compileImported(
  cluster: string,
  imported: Pick<ImportedCluster, 'files'>,
  facts: Facts,
): Promise<Compiled> {
  return compileRevision(importedRepository(cluster, imported), `clusters/${cluster}`, facts, signal)
}

/** The program of one node, whatever the rules say. */
export async function renderImported(
  cluster: string,
  imported: Pick<ImportedCluster, 'files'>,
  facts: Facts,
  node: string,
): Promise<NodeProgram> {
  const loaded = await loadDesired(importedRepository(cluster, imported), `clusters/${cluster}`, signal)
  if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems, null, 1))
  const found = knownFacts(loaded.desired, facts).nodes.find(({ name }) => name === node)
  if (found === undefined) throw new Error(`no node ${node}`)
  return renderNodeProgram(loaded.desired, found)
}

export function programOf(compiled: Compiled, node: string): NodeProgram {
  if (compiled.kind === 'refused') throw new Error(JSON.stringify(compiled.problems, null, 1))
  const program = compiled.nodes.find((one) => one.node === node)
  if (program === undefined) throw new Error(`no program for ${node}`)
  return program
}

/** What the next pass of Fairlead on the machine would do, as a K3s runs there and nothing was adopted yet. */
export function planOn(program: NodeProgram, reading: HostReading): PlannedNode {
  return planNode(
    planInput({
      program,
      engine: 'k3s',
      hasK3s: true,
      packaged: { kind: 'pristine', files: new Map() },
      observation: { files: reading.files, refusals: [] },
      config: readMachineConfig(textsOf(reading.files), reading.process).reading,
    }),
  )
}
