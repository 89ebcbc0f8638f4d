/** Run in a network namespace of its own, with a count and rounds as arguments: measures it and prints `RouteTimes`. */
import { openCommands } from '../../src/adapters/command/node-command.ts'
import { openHostRoutes } from '../../src/adapters/iproute/iproute-routes.ts'
import { routeProtocol } from '../../src/domain/host-route.ts'
import type { RouteWrite } from '../../src/domain/host-routes.ts'
import { recordCommands } from './recorded-commands.ts'
import { deviceBatch, routesOf } from './route-set.ts'
import { StepTimes } from './step-times.ts'

type Step = 'write' | 'batchInside' | 'bareBatch' | 'read' | 'bareRead'
export type RouteTimes = Partial<Record<Step, readonly number[]>>

const warmUps = 2
const signal = new AbortController().signal
const [, , count, rounds] = process.argv
console.log(JSON.stringify(await measure(Number(count), Number(rounds))))

async function measure(size: number, turns: number): Promise<RouteTimes> {
  const commands = openCommands()
  await commands.run(['/usr/sbin/ip', '-batch', '-'], { input: `${deviceBatch.join('\n')}\n` })
  const recorded = recordCommands(commands)
  const routes = await openHostRoutes(recorded.commands)
  const [ours, theirs] = [2, 3].map((gateway) =>
    routesOf(size, gateway).map((route): RouteWrite => ({ kind: 'replace-route', route, protocol: routeProtocol })),
  )
  if (ours === undefined || theirs === undefined) throw new Error('two sets were expected')
  await routes.write(theirs, signal)
  const [batch] = recorded.taken()
  if (batch === undefined) throw new Error('one batch was expected')
  const steps = new StepTimes<Step>()
  const inside: number[] = []
  for (let turn = -warmUps; turn < turns; turn += 1) {
    const isCounted = turn >= 0
    const refused = await steps.measure('write', isCounted, () => routes.write(ours, signal))
    if (refused.length > 0) throw new Error(refused[0]?.message)
    if (isCounted) inside.push(...recorded.taken().map(({ tookMs }) => tookMs))
    recorded.taken()
    await steps.measure('read', isCounted, () => routes.read(signal))
    const list = ['/usr/sbin/ip', '-j', '-d', '-N', 'route', 'show', 'table', 'all'] as const
    const shown = await steps.measure('bareRead', isCounted, () => commands.run(list))
    if (shown.stdout.split('192.168.1.2"').length <= size) throw new Error('what was written is not in place')
    const { argv, input } = batch
    const bare = await steps.measure('bareBatch', isCounted, () => commands.run(argv, { input }))
    if (bare.code !== 0) throw new Error(bare.stderr)
  }
  return { ...steps.all(), batchInside: inside }
}
