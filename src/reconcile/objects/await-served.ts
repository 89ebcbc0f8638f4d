import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeKind, KubeObjectsPort } from '../../ports/kube-objects-port.ts'

const lookEveryMs = 100

/** Waits until the server has a kind: it serves one a moment after its definition is established. */
export async function awaitServed(
  kind: KubeKind,
  withinMs: number,
  {
    objects,
    clock,
  }: {
    readonly objects: Pick<KubeObjectsPort, 'resource'>
    readonly clock: Pick<ClockPort, 'monotonicMs' | 'sleep'>
  },
  signal: AbortSignal,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + withinMs
  for (;;) {
    if ((await objects.resource(kind, signal)) !== undefined) return true
    const leftMs = endMs - clock.monotonicMs()
    if (leftMs <= 0) return false
    await clock.sleep(Math.min(lookEveryMs, leftMs), signal)
    signal.throwIfAborted()
  }
}
