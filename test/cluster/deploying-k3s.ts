import { systemClock } from '../../src/adapters/clock/system-clock.ts'
import { openManifestFiles } from '../../src/adapters/disk/manifest-files.ts'
import { gzipCodec } from '../../src/adapters/kube/applied-codec.ts'
import { eventRecorder } from '../../src/adapters/kube/event-recorder.ts'
import { type KubeObjects, openKubeObjects } from '../../src/adapters/kube/kube-objects.ts'
import { type DeployMemory, freshMemory } from '../../src/plan/deploy/file-gates.ts'
import { faithful } from '../../src/plan/deploy/safeguards.ts'
import type { KubeEventsPort } from '../../src/ports/kube-objects-port.ts'
import { runDeployPass } from '../../src/reconcile/deploy/run-deploy-pass.ts'
import { rulesOf } from '../plan/deploy/releases.ts'

/**
 * Stands in for the deploy controller of a K3s server: passes over the manifests directory below `root`, as the release that
 * is named does them, under K3s's own names. A pass is made when it is asked for.
 */
export class DeployingK3s {
  readonly #root: string
  readonly #version: string
  readonly #objects: KubeObjects
  readonly #events: KubeEventsPort
  readonly #ended: AbortController
  #memory: DeployMemory = freshMemory

  private constructor(root: string, version: string, objects: KubeObjects, ended: AbortController) {
    this.#root = root
    this.#version = version
    this.#objects = objects
    this.#ended = ended
    this.#events = eventRecorder(objects, systemClock(), { component: 'deploy', host: 'pi-1' }, ended.signal)
  }

  static async open(root: string, version: string, kubeconfig: string): Promise<DeployingK3s> {
    const ended = new AbortController()
    const objects = await openKubeObjects({ kubeconfigs: [kubeconfig] }, ended.signal, { manager: 'deploy@pi-1' })
    return new DeployingK3s(root, version, objects, ended)
  }

  /** @returns errors with K3s's prefixes */
  async pass(): Promise<readonly string[]> {
    const outcome = await runDeployPass(
      {
        disabled: [],
        memory: this.#memory,
        scope: 'all',
        known: new Map(),
        rules: rulesOf(this.#version),
        safeguards: faithful,
        codec: gzipCodec,
      },
      { files: openManifestFiles({ root: this.#root }), objects: this.#objects, events: this.#events },
      this.#ended.signal,
    )
    this.#memory = outcome.memory
    await this.#events.flush()
    return outcome.errors
  }

  async close(): Promise<void> {
    this.#ended.abort()
    await this.#objects.close()
  }
}
