import type { CommandPort } from '../../ports/command-port.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { NetworkEventsPort, NetworkHint } from '../../ports/network-events-port.ts'
import { HintBatch } from './hint-batch.ts'
import { type MonitorLine, readIpLine, readNftLine } from './monitor-lines.ts'
import { keepRunning } from './restarted-program.ts'

const defaultPollMs = 2_000
/** A change is looked at again so soon: it is repaired by then, and the same change once more is another one. */
const afterChangeMs = 300
/** Bytes that may wait in the socket: a table of 30,000 routes comes in one go. */
const receiveBufferBytes = '4194304'

export interface NetworkEventsOptions {
  readonly commands: CommandPort
  readonly log: LogPort
  /**
   * A cheap fingerprint of what no monitor tells, the tables of iptables' legacy backend: asked every `pollMs`, and at
   * once when anything else happened. Absent where nothing has to be polled.
   */
  readonly poll?: () => Promise<string>
  /** 2,000 when absent. */
  readonly pollMs?: number
}

interface Running {
  readonly stop: () => Promise<void> | void
}

/**
 * Hints from `ip monitor` and `nft monitor`, which report within a millisecond, and from a poll for the rest. Each
 * monitor's first hint, and its first after it had to be started again, is one of lost events: nobody listened before.
 */
export function openNetworkEvents(options: NetworkEventsOptions): NetworkEventsPort {
  let running: readonly Running[] = []
  return {
    start: async (onHint) => {
      running = await startAll(options, onHint)
    },
    stop: async () => {
      const ending = running
      running = []
      await Promise.all(ending.map(async (each) => each.stop()))
    },
  }
}

async function startAll(
  options: NetworkEventsOptions,
  onHint: (hint: NetworkHint) => void,
): Promise<readonly Running[]> {
  const { commands, log } = options
  const [ip, nft] = await Promise.all([commands.find('ip'), commands.find('nft')])
  const batch = new HintBatch(onHint)
  const poll = options.poll === undefined ? undefined : startPoll(options.poll, options, batch)
  const tell = (subject: NetworkHint['subject'], line: MonitorLine): void => {
    if (line.kind === 'part') return
    batch.add({
      subject,
      ...(line.kind === 'event' && line.by !== undefined ? { by: line.by } : {}),
      ...(line.kind === 'lost' ? { lost: true } : {}),
    })
    poll?.now()
  }
  const monitors: Running[] = []
  if (ip === undefined) log.warn({ program: 'ip' }, 'routes cannot be watched: not installed')
  else {
    monitors.push(
      keepRunning({
        commands,
        log,
        argv: [ip, '-rcvbuf', receiveBufferBytes, 'monitor', 'route', 'link', 'address', 'rule', 'nexthop'],
        onLine: (line, stream) => tell('routes', readIpLine(line, stream)),
        onListening: () => tell('routes', { kind: 'lost' }),
      }),
    )
  }
  if (nft === undefined) log.warn({ program: 'nft' }, 'the packet filter cannot be watched: not installed')
  else {
    monitors.push(
      keepRunning({
        commands,
        log,
        argv: [nft, 'monitor'],
        onLine: (line, stream) => tell('filter', readNftLine(line, stream)),
        onListening: () => tell('filter', { kind: 'lost' }),
      }),
    )
  }
  return [...monitors, ...(poll === undefined ? [] : [poll]), batch]
}

/** Asks for the fingerprint again and again; never twice at a time. */
function startPoll(
  read: () => Promise<string>,
  { log, pollMs = defaultPollMs }: NetworkEventsOptions,
  batch: HintBatch,
): Running & { readonly now: () => void } {
  let stopped = false
  let busy = false
  let again = false
  let seen: string | undefined
  let timer: NodeJS.Timeout | undefined
  const look = async (): Promise<void> => {
    clearTimeout(timer)
    busy = true
    again = false
    let hasChanged = false
    try {
      const found = await read()
      hasChanged = seen !== undefined && found !== seen
      if (!stopped && hasChanged) batch.add({ subject: 'filter' })
      seen = found
    } catch (error) {
      log.debug({ error: error instanceof Error ? error.message : String(error) }, 'the packet filter was not polled')
    }
    busy = false
    if (!stopped) timer = setTimeout(run, again ? 0 : hasChanged ? Math.min(afterChangeMs, pollMs) : pollMs)
  }
  const run = (): void => void look()
  run()
  return {
    now: () => {
      if (busy) again = true
      else if (!stopped) run()
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
