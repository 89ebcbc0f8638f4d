import { keepsKernel, openKernelReader } from '../agent/this-kernel.ts'
import { type Machine, machineFacts, nodeName } from '../agent/this-machine.ts'
import type { Problem } from '../domain/problem.ts'
import type { Revision } from '../domain/revision.ts'
import { compileRevision } from '../reconcile/compile-revision.ts'
import type { ConvergeSettings } from '../reconcile/converge-node.ts'
import { chooseCluster } from '../reconcile/load-desired.ts'
import { type MachinePreview, previewMachine } from '../reconcile/preview-machine.ts'
import type { CommandCall, Terminal } from './command.ts'
import { openRepository } from './open-repository.ts'
import { printable } from './printable.ts'

export type MachinePreviewOutcome =
  | {
      readonly kind: 'preview'
      readonly preview: MachinePreview
      readonly revision: Revision
      readonly sourceDescription: string
    }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** The repository compiled for this machine, beside the machine: what plan, diff, adopt and apply begin with. */
export async function previewThisMachine(
  { settings, terminal }: Pick<CommandCall, 'settings' | 'terminal'>,
  machine: Machine,
  converge: ConvergeSettings,
): Promise<MachinePreviewOutcome> {
  const signal = terminal.interrupted
  const repository = await openRepository(settings, terminal, machine.log)
  try {
    const directory = await chooseCluster(repository.reader, settings.cluster, signal)
    const compiled = await compileRevision(repository.reader, directory, machineFacts(settings, terminal), signal)
    if (compiled.kind === 'refused') return compiled
    warnOfName(compiled.problems, terminal)
    const program = compiled.nodes.find((one) => one.node === nodeName(settings, terminal))
    if (program === undefined) throw new Error('no program was rendered for this machine')
    const revision = repository.revisionOf(program)
    const kernel = keepsKernel(settings, machine.root) ? openKernelReader(machine) : undefined
    const preview = await previewMachine(compiled, { program, revision }, converge, machine, kernel, signal)
    return { kind: 'preview', preview, revision, sourceDescription: repository.description }
  } finally {
    await repository.close()
  }
}

/** Said aloud before anything is taken over or written: everything that follows is about another node than was meant. */
function warnOfName(problems: readonly Problem[], { err }: Pick<Terminal, 'err'>): void {
  for (const { what, why, fix } of problems.filter(({ code }) => code === 'NODE_NOT_LISTED')) {
    err.write(`fairlead: ${printable(what)}\n  why  ${printable(why)}\n  fix  ${printable(fix)}\n`)
  }
}
