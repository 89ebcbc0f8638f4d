/** `keep-in-child.ts <directory> <version> <n>`: what a pod does on the stand-in host of that directory, up to its n-th write. */
import { keepHostAgent } from '../../../src/reconcile/host-agent/keep-host-agent.ts'
import { dieBeforeWrite } from './die-before-write.ts'
import { hostUnderTest } from './host-under-test.ts'

const [, , directory = '', version = '', nth = ''] = process.argv
const ports = await hostUnderTest(directory, version)
dieBeforeWrite(Number(nth))
await keepHostAgent(ports, new AbortController().signal)
