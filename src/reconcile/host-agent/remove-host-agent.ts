import { Failure } from '../../domain/failure.ts'
import type { HostAgentPorts } from './keep-host-agent.ts'
import { whileNoChangeIsOpen } from './while-no-change-is-open.ts'

const removalTimeoutMs = 120_000

/**
 * Takes the agent off the host: first everything of ours out of its kernel, and what ties the host to its controller, then
 * the services, the programs last. The files of K3s's configuration stay, and so does below /var/lib/fairlead what an agent
 * that is installed later needs to know about them.
 *
 * @returns false where there was none
 * @throws Failure HOST_CHANGE_OPEN, and HOST_KERNEL_KEPT when something of ours could not be taken out: then the programs
 * stay as well
 */
export async function removeHostAgent(ports: HostAgentPorts, signal: AbortSignal): Promise<boolean> {
  const { programs, services, log } = ports
  const release = programs.current()
  await whileNoChangeIsOpen(ports, signal)
  await services.stop()
  if (release !== undefined) {
    const { ok, said } = await services.run(
      [...programs.command(release), 'agent', 'uninstall', '--yes'],
      removalTimeoutMs,
    )
    if (!ok) {
      throw new Failure(`not everything could be taken out of the kernel of this host: ${said}`, {
        code: 'HOST_KERNEL_KEPT',
        where: '/opt/fairlead',
        fix: 'run fairlead agent uninstall on the host; it names what stays',
        retry: 'soon',
      })
    }
    log.info({ release }, 'nothing of ours is left in the kernel of this host')
  }
  await services.remove()
  programs.remove()
  return release !== undefined
}
