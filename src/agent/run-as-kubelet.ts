import { kubeletName } from './kubelet-name.ts'
import { type MachineOptions, runMachine } from './run-machine.ts'
import type { Here } from './this-machine.ts'

/**
 * `fairlead agent --source api`: one machine, as the node that its kubelet is, until interrupted. Where K3s has not run yet its
 * name can only be guessed; once the kubelet has another one, everything begins anew under that.
 */
export async function runAsKubelet(options: Omit<MachineOptions, 'node' | 'program'>, here: Here): Promise<void> {
  const { settings, machine, interrupted } = options
  for (;;) {
    const node = await kubeletName(settings, machine, here, interrupted)
    const renamed = new AbortController()
    const onRenamed = settings.node === undefined ? () => renamed.abort() : undefined
    await runMachine({
      ...options,
      node,
      program: { source: 'api', onRenamed },
      interrupted: AbortSignal.any([interrupted, renamed.signal]),
    })
    if (interrupted.aborted || !renamed.signal.aborted) return
    machine.log.warn({ node }, 'the kubelet of this machine has another name: the agent begins anew')
  }
}
