import { Failure } from '../../domain/failure.ts'
import type { ClockPort } from '../../ports/clock-port.ts'
import type { HostProgramsPort, HostRelease, HostServicesPort } from '../../ports/host-agent-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import { whileNoChangeIsOpen } from './while-no-change-is-open.ts'

export interface HostAgentPorts {
  readonly programs: HostProgramsPort
  readonly services: HostServicesPort
  readonly clock: ClockPort
  readonly log: LogPort
}

export type HostAgentOutcome = 'unchanged' | 'installed' | 'updated' | 'restarted'

const lookEveryMs = 1_000
/** An agent that starts and ends at once is none. */
const steadyForMs = 5_000
const steadyWithinMs = 30_000
const versionTimeoutMs = 30_000

/**
 * Makes this release the agent of the host: copies it beside the one that runs, sees that the host can run it, moves the
 * link, and restarts the agent last. What the agent enforces stays in the kernel throughout. A release whose agent does
 * not stay up gives way to the one before.
 *
 * @throws Failure HOST_KEPT_BY_RUN, HOST_CHANGE_OPEN, HOST_CANNOT_RUN, HOST_AGENT_FELL_OVER and those of the ports
 */
export async function keepHostAgent(ports: HostAgentPorts, signal: AbortSignal): Promise<HostAgentOutcome> {
  const { programs, services, log } = ports
  if (await services.isKeptByRun()) throw keptByRun()
  const before = programs.current()
  const release = programs.copy()
  if (before !== release) await seeThatItRuns(ports, release)
  const isSettled = before === release && programs.running() === release && (await services.isActive())
  if (isSettled && !services.place(programs.services(release, services.kind))) return 'unchanged'
  await whileNoChangeIsOpen(ports, signal)
  log.info({ release, ...(before === undefined ? {} : { before }) }, 'agent of this host changes')
  await start(ports, release)
  if (await staysUp(ports, release, signal)) {
    programs.keepOnly(before === undefined ? [release] : [release, before])
    if (before === undefined) return 'installed'
    return before === release ? 'restarted' : 'updated'
  }
  if (signal.aborted) throw signal.reason
  throw await fellOver(ports, release, before === release ? undefined : before)
}

async function seeThatItRuns({ programs, services }: HostAgentPorts, release: HostRelease): Promise<void> {
  const { ok, said } = await services.run([...programs.command(release), 'version'], versionTimeoutMs)
  if (ok) return
  throw failure(
    'HOST_CANNOT_RUN',
    `this host cannot run Fairlead ${release}: ${said === '' ? 'it ended without a word' : said}`,
    programs.command(release)[0],
    'its Node needs glibc 2.28 or newer, and a file system that programs may be run from; nothing was changed',
  )
}

async function start({ programs, services }: HostAgentPorts, release: HostRelease): Promise<void> {
  programs.use(release)
  services.place(programs.services(release, services.kind))
  await services.enable()
  await services.restart()
}

async function staysUp(
  { programs, services, clock }: HostAgentPorts,
  release: HostRelease,
  signal: AbortSignal,
): Promise<boolean> {
  const began = clock.monotonicMs()
  let upSince: number | undefined
  while (!signal.aborted && clock.monotonicMs() - began < steadyWithinMs) {
    const isUp = (await services.isActive()) && programs.running() === release
    const now = clock.monotonicMs()
    upSince = isUp ? (upSince ?? now) : undefined
    if (upSince !== undefined && now - upSince >= steadyForMs) return true
    await clock.sleep(lookEveryMs, signal)
  }
  return false
}

async function fellOver(
  ports: HostAgentPorts,
  release: HostRelease,
  before: HostRelease | undefined,
): Promise<Failure> {
  const fix = 'look at the host: journalctl -u fairlead-agent; and go back to the image of before until it is mended'
  if (before === undefined) {
    return failure('HOST_AGENT_FELL_OVER', `the agent ${release} does not stay up on this host`, release, fix)
  }
  await start(ports, before)
  const message = `the agent ${release} does not stay up on this host; ${before} runs again`
  return failure('HOST_AGENT_FELL_OVER', message, release, fix)
}

function keptByRun(): Failure {
  return failure(
    'HOST_KEPT_BY_RUN',
    'this host is kept by fairlead run, from the repository; an agent would take it over',
    'fairlead.service',
    'disable and stop fairlead.service on the host, or take this node out of the DaemonSet with a node affinity',
  )
}

function failure(code: string, message: string, where: string, fix: string): Failure {
  return new Failure(message, { code, where, fix, retry: 'soon' })
}
