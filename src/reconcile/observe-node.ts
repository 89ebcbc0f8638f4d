import { Failure } from '../domain/failure.ts'
import type { Inventory } from '../domain/inventory.ts'
import type { NodeConfigReading, UnreadConfig } from '../domain/k3s-config-reading.ts'
import type { RemovalProgress } from '../domain/manifest-removal.ts'
import type { NodeObservation } from '../domain/observation.ts'
import type { PackagedSelection } from '../domain/program.ts'
import type { Adoption, DeployEngine, K3sProcess, PristineSet } from '../domain/status.ts'
import type { ClockPort } from '../ports/clock-port.ts'
import type { HostReaderPort } from '../ports/host-reader-port.ts'
import type { K3sProcessPort } from '../ports/k3s-process-port.ts'
import type { ManifestRemovalsPort } from '../ports/manifest-removals-port.ts'
import type { NodeFilesPort } from '../ports/node-files-port.ts'
import type { NodeStatePort } from '../ports/node-state-port.ts'
import type { SecretsPort } from '../ports/secrets-port.ts'
import { type Guard, guardPackaged, type StagingWatch } from './packaged-guard.ts'
import { readNodeConfig } from './read-node-config.ts'

export interface ObservePorts {
  readonly files: NodeFilesPort
  readonly state: NodeStatePort
  readonly k3s: K3sProcessPort
  readonly host: Pick<HostReaderPort, 'readConfigFiles'>
  readonly clock: ClockPort
  readonly secrets: SecretsPort
  /** Where an API is asked how far removals have come. */
  readonly removals?: ManifestRemovalsPort
}

/** Everything that a decision about one node is made from, read in one go. */
export interface ObservedNode {
  readonly engine: DeployEngine
  readonly observation: NodeObservation
  /** What else tells K3s here how to run; undefined where nobody looks. */
  readonly config: NodeConfigReading | undefined
  readonly unreadConfig: readonly UnreadConfig[]
  readonly hasK3s: boolean
  readonly inventory: Inventory
  readonly adoption: Adoption | undefined
  readonly process: K3sProcess | undefined
  readonly pristine: PristineSet | undefined
  readonly nowMs: number
  readonly monotonicMs: number
  readonly removals: ReadonlyMap<string, RemovalProgress>
}

/**
 * @param engine what the settings say; `auto` looks whether a K3s runs or is installed
 * @param wantedPaths where the program wants files: they are looked at however many others there are
 * @throws Failure K3S_RUNS when our own engine was asked for beside a live K3s
 */
export async function observeNode(
  engine: DeployEngine | 'auto',
  wantedPaths: readonly string[],
  ports: ObservePorts,
  signal: AbortSignal,
): Promise<ObservedNode> {
  // The process first: files that K3s stages between the two reads are then never taken for those of its predecessor.
  const process = await ports.k3s.current()
  const hasK3s = process !== undefined || (await ports.k3s.isInstalled())
  const adoption = await ports.state.readAdoption()
  const isForK3s = hasK3s || adoption?.awaitsK3s === true
  const chosen = engine === 'auto' ? (isForK3s ? 'k3s' : 'builtin') : engine
  if (chosen === 'builtin' && process !== undefined) throw k3sRuns(process)
  const pristine = chosen === 'k3s' ? await ports.state.readPristine() : undefined
  const inventory = await ports.state.readInventory()
  const observation = await ports.files.observe([...ownPaths(inventory), ...wantedPaths], signal)
  const { clock } = ports
  const [nowMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()]
  const { config, unreadConfig } = chosen === 'k3s' ? await readConfig(ports.host, signal) : noK3s
  return {
    engine: chosen,
    config,
    unreadConfig,
    hasK3s,
    observation,
    inventory,
    adoption,
    process,
    pristine,
    nowMs,
    monotonicMs,
    removals: progressOfRemovals(inventory, chosen, ports.removals),
  }
}

function progressOfRemovals(
  inventory: Inventory,
  engine: DeployEngine,
  removals: ManifestRemovalsPort | undefined,
): ReadonlyMap<string, RemovalProgress> {
  return new Map(
    ownPaths(inventory).flatMap((path) => {
      const progress = removals?.progressOf(path, engine)
      return progress === undefined ? [] : [[path, progress] as const]
    }),
  )
}

interface ReadConfig {
  readonly config: NodeConfigReading | undefined
  readonly unreadConfig: readonly UnreadConfig[]
}

/** What else tells K3s here how to run. Lines of these files are shown nowhere: they may hold its token. */
async function readConfig(host: ObservePorts['host'], signal: AbortSignal): Promise<ReadConfig> {
  const files = [...(await host.readConfigFiles(signal)).values()]
  const texts = files.flatMap(({ path, text }) => (text === undefined ? [] : [[path, text] as const]))
  const { reading, problems } = readNodeConfig({ files: new Map(texts), hideLines: true })
  const refused = files.flatMap(({ path, unreadable }) =>
    unreadable === undefined ? [] : [{ path, reason: unreadable }],
  )
  const broken = problems
    .filter((problem) => problem.severity === 'error')
    .map(({ place, what }) => ({ path: `${place.file}:${place.line}`, reason: what }))
  return { config: reading, unreadConfig: [...refused, ...broken] }
}

const noK3s: ReadConfig = { config: undefined, unreadConfig: [] }

function ownPaths(inventory: Inventory): string[] {
  return [...inventory.entries.keys()].map((id) => id.slice('file:'.length))
}

/** Two deploy engines over one directory would undo each other's packaged files. */
function k3sRuns({ identity }: K3sProcess): Failure {
  return new Failure(`a K3s server runs here (process ${identity.pid}), and --engine is builtin`, {
    code: 'K3S_RUNS',
    where: '--engine',
    fix: 'leave --engine at auto, or stop K3s',
    retry: 'soon',
  })
}

/** @param watchingSinceMs on the monotonic clock */
export function guardOf(
  node: ObservedNode,
  selection: PackagedSelection,
  watchingSinceMs: number,
  watch: StagingWatch | undefined,
): Guard {
  const { engine, observation, process, pristine, nowMs } = node
  const watchingForMs = node.monotonicMs - watchingSinceMs
  return guardPackaged({ engine, selection, observation, process, pristine, watch, watchingForMs, nowMs })
}
