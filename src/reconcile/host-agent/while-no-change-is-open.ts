import { Failure } from '../../domain/failure.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { HostProgramsPort } from '../../ports/host-agent-port.ts'
import type { LogPort } from '../../ports/log-port.ts'

/** A risky change is confirmed or taken back within an hour at most; its watchdog sees to that. */
const longestChangeMs = 70 * 60_000
const lookEveryMs = 1_000

/**
 * Waits until no risky change of the host is under way. The agent holds it: stopped in the middle, the change would be
 * taken back, and by its watchdog, at a moment that nobody chose.
 *
 * @throws Failure HOST_CHANGE_OPEN
 */
export async function whileNoChangeIsOpen(
  {
    programs,
    clock,
    log,
  }: {
    readonly programs: Pick<HostProgramsPort, 'hasOpenChange'>
    readonly clock: Pick<ClockPort, 'monotonicMs' | 'sleep'>
    readonly log: LogPort
  },
  signal: AbortSignal,
): Promise<void> {
  const until = clock.monotonicMs() + longestChangeMs
  for (let told = false; programs.hasOpenChange(); told = true) {
    if (!told) log.info({}, 'a network change waits for its confirmation; the agent is left alone until then')
    signal.throwIfAborted()
    if (clock.monotonicMs() >= until) {
      throw new Failure('a network change of this host is neither confirmed nor taken back', {
        code: 'HOST_CHANGE_OPEN',
        where: '/var/lib/fairlead/checkpoint',
        fix: 'say fairlead confirm or fairlead rollback on the host',
        retry: 'soon',
      })
    }
    await clock.sleep(lookEveryMs, signal)
  }
}
