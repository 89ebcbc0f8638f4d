import type { DeployEngine } from '../domain/status.ts'
import type { K3sProcessPort } from '../ports/k3s-process-port.ts'
import type { NodeStatePort } from '../ports/node-state-port.ts'
import type { NodeOutcome } from './converge-node.ts'
import type { DeployedNode, ManifestDeployment } from './manifest-deployment.ts'

/** By who applies the manifests; an engine that is absent is not asked. */
export type DeploymentsByEngine = Readonly<Partial<Record<DeployEngine, ManifestDeployment>>>

export interface DeploymentPorts {
  readonly deploy?: DeploymentsByEngine
  readonly state: Pick<NodeStatePort, 'readAdoption' | 'readLastGood' | 'readSuspension'>
  readonly k3s: K3sProcessPort
}

/** Whose turn it is to look at the manifests, and whether anybody's. */
export class Deployments {
  readonly #ports: DeploymentPorts
  readonly #all: readonly ManifestDeployment[]

  constructor(ports: DeploymentPorts) {
    this.#ports = ports
    this.#all = Object.values(ports.deploy ?? {})
  }

  start(onChange: () => void): void {
    for (const deployment of this.#all) deployment.start?.(onChange)
  }

  hinted(): void {
    for (const deployment of this.#all) deployment.hinted()
  }

  async close(): Promise<void> {
    for (const deployment of this.#all) await deployment.close()
  }

  /** Of the engine that the last pass over the node found at work; on a server that was adopted. */
  of(outcome: NodeOutcome | undefined): ManifestDeployment | undefined {
    if (outcome?.node.adoption === undefined || outcome.enforced.program.role !== 'server') return undefined
    const deployment = this.#ports.deploy?.[outcome.node.engine]
    return deployment?.isIdle?.() === true ? undefined : deployment
  }

  /**
   * What the files of the node were written from. Undefined while nothing may be done: suspended, not adopted, or a K3s was
   * started meanwhile, which the next pass over the node finds as well.
   */
  async nodeOf(outcome: NodeOutcome | undefined): Promise<DeployedNode | undefined> {
    const { state, k3s } = this.#ports
    if ((await state.readSuspension()) !== undefined) return undefined
    const [adoption, program] = [await state.readAdoption(), await state.readLastGood()]
    if (adoption === undefined || program === undefined || program.program.cluster !== adoption.cluster)
      return undefined
    if (outcome?.node.engine === 'builtin' && (await k3s.current()) !== undefined) return undefined
    return { program, adoption }
  }
}
