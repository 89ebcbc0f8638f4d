import type { AddressFamily } from '../../domain/cidr.ts'
import { Failure } from '../../domain/failure.ts'
import type { HostRoutes, RouteWrite } from '../../domain/host-routes.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import type { HostRoutesPort, RefusedWrite } from '../../ports/host-routes-port.ts'
import { runBatch } from './batch.ts'
import { inverseSteps } from './inverse-steps.ts'
import { isInPlace } from './is-in-place.ts'
import { parseLinks } from './parse-links.ts'
import { parseRoutes } from './parse-routes.ts'
import { parseRules } from './parse-rules.ts'
import { writeLine } from './route-arguments.ts'

/**
 * Routes, routing rules and links of this machine, by `ip`.
 * @throws Failure ROUTES_UNSUPPORTED without it
 */
export async function openHostRoutes(commands: CommandPort): Promise<HostRoutesPort> {
  const ip = await commands.find('ip')
  if (ip === undefined) {
    throw new Failure('routes cannot be read: ip is not installed', {
      code: 'ROUTES_UNSUPPORTED',
      where: 'ip',
      fix: 'install iproute2',
      retry: 'when-changed',
    })
  }
  return {
    read: (signal) => readRoutes(commands, ip, signal),
    write: (writes, signal) => writeRoutes(commands, ip, writes, signal),
    inverse: (writes, now) => inverseSteps(ip, writes, now),
  }
}

const families = [4, 6] as const

async function readRoutes(commands: CommandPort, ip: string, signal: AbortSignal): Promise<HostRoutes> {
  signal.throwIfAborted()
  const [links, ...perFamily] = await Promise.all([
    list(commands, [ip, '-j', '-d', 'address', 'show']),
    ...families.map(async (family) => ({
      routes: await listFamily(commands, family, [ip, `-${family}`, '-j', '-d', '-N', 'route', 'show', 'table', 'all']),
      rules: await listFamily(commands, family, [ip, `-${family}`, '-j', '-d', '-N', 'rule', 'show']),
      family,
    })),
  ])
  return {
    routes: perFamily.flatMap(({ routes, family }) => parseRoutes(routes, family)),
    rules: perFamily.flatMap(({ rules, family }) => parseRules(rules, family)),
    links: parseLinks(links),
  }
}

/** A kernel without IPv6 has no routes of it: that is an answer. */
async function listFamily(
  commands: CommandPort,
  family: AddressFamily,
  argv: readonly [string, ...string[]],
): Promise<unknown> {
  return list(commands, argv, family === 6 ? /not supported|RTNETLINK answers: Operation not supported/i : undefined)
}

async function list(commands: CommandPort, argv: readonly [string, ...string[]], emptyWhen?: RegExp): Promise<unknown> {
  let result = await commands.run(argv)
  // Somebody wrote meanwhile, and the kernel tells that the list may have gaps: what is not in it is not missing.
  for (let times = 0; times < 5 && /Dump was interrupted/.test(result.stderr); times += 1)
    result = await commands.run(argv)
  if (result.code !== 0 || /Dump was interrupted/.test(result.stderr)) {
    if (emptyWhen?.test(result.stderr) === true) return []
    throw new Failure(`${argv.slice(1).join(' ')} failed: ${result.failed ?? result.stderr.trim().slice(0, 300)}`, {
      code: 'ROUTES_FAILED',
      where: argv.join(' '),
      fix: 'run the command on this machine as the same user; reading routes needs no privilege, listing all may need memory',
      retry: 'soon',
    })
  }
  try {
    // Nothing at all stands for an empty list.
    return result.stdout.trim() === '' ? [] : JSON.parse(result.stdout)
  } catch (cause) {
    const detail = {
      code: 'ROUTES_FAILED',
      where: argv.join(' '),
      fix: 'iproute2 5.0 or later prints JSON; see ip -V',
      retry: 'soon' as const,
    }
    throw new Failure(`${argv.slice(1).join(' ')} printed something that is not JSON`, detail, { cause })
  }
}

/** The verdict comes from what the kernel holds afterwards, never from an exit status; the words from the tool. */
async function writeRoutes(
  commands: CommandPort,
  ip: string,
  writes: readonly RouteWrite[],
  signal: AbortSignal,
): Promise<readonly RefusedWrite[]> {
  signal.throwIfAborted()
  if (writes.length === 0) return []
  const messages = new Map<RouteWrite, string>()
  for (const family of families) {
    const own = writes.filter((write) => familyOfWrite(write) === family)
    const lines = own.flatMap((write) => {
      const line = lineOf(write, messages)
      return line === undefined ? [] : [{ write, line }]
    })
    const refused = await runBatch(
      commands,
      ip,
      family,
      lines.map(({ line }) => line),
    )
    for (const [index, message] of refused) {
      const write = lines[index]?.write
      if (write !== undefined) messages.set(write, message)
    }
  }
  const after = await readRoutes(commands, ip, signal)
  const place = isInPlace(after)
  return writes
    .filter((write) => !place(write))
    .map((write) => ({ write, message: messages.get(write) ?? 'it is not in the kernel after it was written' }))
}

function lineOf(write: RouteWrite, messages: Map<RouteWrite, string>): string | undefined {
  try {
    return writeLine(write)
  } catch (error) {
    messages.set(write, error instanceof Error ? error.message : String(error))
    return undefined
  }
}

function familyOfWrite(write: RouteWrite): AddressFamily {
  return write.kind === 'add-rule' || write.kind === 'remove-rule' ? write.rule.family : write.route.family
}
