import { openProgramCache } from '../adapters/disk/program-cache.ts'
import { nodeOfKubeconfig } from '../adapters/kube/agent-kubeconfig.ts'
import { Failure } from '../domain/failure.ts'
import type { NodeApiPort } from '../ports/node-api-port.ts'
import type { Settings } from '../settings.ts'
import { type K3sHere, readK3sHere } from './k3s-here.ts'
import { type Here, type Machine, nodeName } from './this-machine.ts'

/** Files that lead to the API, with the identity of this node. */
export function agentKubeconfigs({ kubeconfig }: Settings, k3sHere: K3sHere): readonly string[] {
  return kubeconfig?.split(':').filter((file) => file !== '') ?? [k3sHere.kubeletKubeconfig]
}

/**
 * What this machine is called in the API: by `--node`, else by the certificate of its kubelet. Before K3s ran here, as the
 * program says that it once had, else as K3s's configuration and the host have it, as far as that tells: with
 * `with-node-id` only K3s knows.
 */
export async function kubeletName(
  settings: Settings,
  machine: Machine,
  here: Here,
  signal: AbortSignal,
): Promise<string> {
  if (settings.node !== undefined) return settings.node
  const { root, stateDirectory, log } = machine
  const k3sHere = await readK3sHere(machine, signal)
  const certified = certifiedName(agentKubeconfigs(settings, k3sHere), root)
  if (certified !== undefined) return certified
  const accepted = await openProgramCache({ stateDirectory, log }).readAccepted()
  return accepted?.published.node ?? k3sHere.nodeName ?? nodeName(settings, here)
}

/** The API for as long as the kubelet is the node that the agent runs as. */
export function apiOfNode(
  node: string,
  api: NodeApiPort,
  { kubeconfigs, root }: { readonly kubeconfigs: readonly string[]; readonly root: string },
  onRenamed: () => void,
): NodeApiPort {
  return {
    description: api.description,
    open: async (signal) => {
      const certified = certifiedName(kubeconfigs, root)
      if (certified === undefined || certified === node) return await api.open(signal)
      onRenamed()
      throw new Failure(
        `the kubelet of this machine is node ${JSON.stringify(certified)}, not ${JSON.stringify(node)}`,
        {
          code: 'NODE_RENAMED',
          where: kubeconfigs.join(', '),
          fix: 'the agent goes on as that node by itself',
          retry: 'soon',
        },
      )
    },
  }
}

function certifiedName(kubeconfigs: readonly string[], root: string): string | undefined {
  const [file] = kubeconfigs
  return file === undefined ? undefined : nodeOfKubeconfig(file, root)
}
