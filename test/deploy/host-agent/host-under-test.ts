import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openHostPrograms } from '../../../src/adapters/host-install/host-programs.ts'
import { openHostServices } from '../../../src/adapters/host-install/host-services.ts'
import type { ClockPort } from '../../../src/ports/clock-port.ts'
import type { HostAgentPorts } from '../../../src/reconcile/host-agent/keep-host-agent.ts'
import { StandInHost, writeInstallation } from '../../lab/stand-in-host.ts'

const silent = (): void => undefined
const log = { debug: silent, info: silent, warn: silent, error: silent }

/** Time passes only while somebody waits for it. */
function skippingClock(onSleep: () => void): ClockPort {
  let now = 0
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    async sleep(ms) {
      now += ms
      onSleep()
    },
    schedule: () => () => undefined,
  }
}

export interface HostUnderTest extends HostAgentPorts {
  readonly host: StandInHost
}

/** A release of Fairlead on its way onto a host, both below `directory`. */
export async function hostUnderTest(
  directory: string,
  version: string,
  { host = newHost(directory), onSleep = silent }: { readonly host?: StandInHost; readonly onSleep?: () => void } = {},
): Promise<HostUnderTest> {
  const source = writeInstallation(join(directory, `image-${version}`), version)
  return {
    host,
    programs: openHostPrograms({ root: host.root, source, version }),
    services: await openHostServices(host.root, host),
    clock: skippingClock(onSleep),
    log,
  }
}

export function newHost(directory: string, init?: 'systemd' | 'openrc' | 'none'): StandInHost {
  const root = join(directory, 'host')
  mkdirSync(root, { recursive: true })
  return new StandInHost(root, init)
}
