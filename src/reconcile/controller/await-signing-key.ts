import { Failure } from '../../domain/failure.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { KubeEventsPort, KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import { publicKeysRef } from './key-in-use.ts'
import { usableSigningKey } from './signing-key.ts'

const askAgainMs = 5_000

/** With one of these nobody may lead; another controller may have the right key. */
const keyCodes: ReadonlySet<string> = new Set(['SIGNING_KEY_LOST', 'SIGNING_KEY_INVALID'])

export function isKeyFailure(error: unknown): error is Failure {
  return error instanceof Failure && keyCodes.has(error.detail.code)
}

interface KeyPorts {
  readonly objects: Pick<KubeObjectsPort, 'get' | 'list'>
  readonly clock: Pick<ClockPort, 'sleep'>
  readonly log: LogPort
  readonly events: KubeEventsPort
}

/**
 * Waits until this controller has the key that programs are signed with, or may make one. Only then does it want the lead:
 * one with another key would have every agent refuse every program.
 * @param told why it waits; undefined once it does not
 */
export async function awaitSigningKey(
  given: string | undefined,
  { objects, clock, log, events }: KeyPorts,
  told: (failure: Failure | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  let last = ''
  while (!signal.aborted) {
    try {
      await usableSigningKey(given, objects, signal)
      told(undefined)
      return
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof Failure)) throw error
      told(error)
      const { code, where, fix } = error.detail
      if (error.message !== last) {
        log.warn({ code, where, fix }, error.message)
        if (isKeyFailure(error)) {
          const message = `${error.message}: ${fix}`
          events.record({ regarding: publicKeysRef, type: 'Warning', reason: 'SigningKeyLost', message })
        }
      }
      last = error.message
      await clock.sleep(askAgainMs, signal)
    }
  }
}
