/** One pass over the settings of whichever network namespace this runs in: input on stdin, the plan on stdout. */
import { readdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { openSysctls } from '../../../src/adapters/sysctl/proc-sysctls.ts'
import type { ArtefactId } from '../../../src/domain/artefact.ts'
import type { SysctlArtefact } from '../../../src/domain/host-route.ts'
import { expandSysctls, sysctlsToRead } from '../../../src/plan/routes/expand-sysctls.ts'
import { planSysctls, type RememberedSysctl } from '../../../src/plan/routes/plan-sysctls.ts'

interface Input {
  readonly wanted: readonly SysctlArtefact[]
  readonly memory: readonly (readonly [ArtefactId, RememberedSysctl])[]
}

const { wanted, memory } = JSON.parse(await text(process.stdin)) as Input
const port = openSysctls({ root: '/proc/sys', file: '/nonexistent' })
const devices = readdirSync('/proc/sys/net/ipv4/conf').filter((name) => name !== 'all' && name !== 'default')
const found = new Map<string, string | undefined>()
const remembered = memory.map(([, { path }]) => path)
for (const path of sysctlsToRead(wanted, remembered, devices)) found.set(path.join('/'), await port.read(path))
const plan = planSysctls(expandSysctls(wanted, devices, found), found, new Map(memory))
for (const { artefact } of plan.writes) await port.write(artefact.path, artefact.value)
for (const { path, value } of plan.releases) await port.write(path, value)
process.stdout.write(JSON.stringify({ ...plan, remembered: [...plan.remembered] }))
