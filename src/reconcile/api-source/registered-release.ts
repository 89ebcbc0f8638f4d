import { Failure } from '../../domain/failure.ts'
import { asList, asRecord, textIn } from '../../domain/plain-json.ts'
import { parseK3sVersion } from '../../k3s/version/k3s-version.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeObjectsPort, LiveObject } from '../../ports/kube-objects-port.ts'

/** Who upgrades K3s waits this long at most until it is told; milliseconds. */
const askAgainMs = 5 * 60_000

/**
 * Release of the K3s that runs on this node, as its kubelet registered it: in the Node object, which every kubelet may
 * read.
 *
 * @see k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (`NodeRules`)
 */
export class RegisteredRelease {
  readonly #node: string
  readonly #clock: ClockPort
  #known: string | undefined
  #askedAtMs: number | undefined

  constructor(node: string, clock: ClockPort) {
    this.#node = node
    this.#clock = clock
  }

  /** @returns undefined where no K3s runs, as far as the cluster knows, or the Node may not be read */
  async now(objects: KubeObjectsPort, signal: AbortSignal): Promise<string | undefined> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#askedAtMs !== undefined && nowMs - this.#askedAtMs < askAgainMs) return this.#known
    this.#askedAtMs = nowMs
    try {
      this.#known = releaseOf(await objects.get({ apiVersion: 'v1', kind: 'Node', name: this.#node }, signal))
    } catch (error) {
      // Not allowed, or not now: it is a convenience.
      if (!(error instanceof Failure)) throw error
    }
    return this.#known
  }
}

function releaseOf(node: LiveObject | undefined): string | undefined {
  const status = asRecord(node?.['status'])
  const ready = asList(status['conditions'])
    .map(asRecord)
    .find(({ type }) => type === 'Ready')
  // Nobody has heard of its kubelet for a while.
  if (ready?.['status'] === 'Unknown') return undefined
  return parseK3sVersion(textIn(asRecord(status['nodeInfo'])['kubeletVersion']) ?? '')?.text
}
