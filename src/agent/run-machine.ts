import { systemClock } from '../adapters/clock/system-clock.ts'
import { openFileEvents } from '../adapters/disk/file-events.ts'
import type { MetricsPort } from '../ports/metrics-port.ts'
import type { PermitPort } from '../ports/permit-port.ts'
import type { KernelPorts } from '../reconcile/network/kernel-loop.ts'
import { Reconciler, type ReconcilerPorts } from '../reconcile/reconciler.ts'
import type { Settings } from '../settings.ts'
import type { Listener } from '../web/http-listener.ts'
import type { Route } from '../web/routes.ts'
import { announceReady } from './announce-ready.ts'
import { kubeconfigsFor } from './kubeconfigs.ts'
import { listenAddress } from './listen-address.ts'
import type { MachineListener } from './machine-listener.ts'
import { openMachineCleanups } from './this-cleanups.ts'
import { openDeployLoop } from './this-deploy.ts'
import { openK3sDeployment } from './this-k3s-deployment.ts'
import { keepsKernel, openKernel } from './this-kernel.ts'
import { convergeSettings, type Machine } from './this-machine.ts'
import { uncounted } from './uncounted.ts'

export interface MachineOptions {
  readonly settings: Settings
  readonly machine: Machine
  readonly node: string
  readonly version: string
  /** Where an agent finds its program; the repository of the settings when absent. */
  readonly program?: ApiProgramPlace | { readonly source: 'file'; readonly path: string }
  /** `bin/fairlead-panic`, for when a way back fails. */
  readonly panicScript?: string
  /** Ends everything, passes under way included. */
  readonly interrupted: AbortSignal
  /** Routes beside ours, and the repository when it is only known once the listener is up: the demo's own. */
  readonly embedded?: {
    readonly routes: (trigger: (reason: string) => void) => readonly Route[]
    readonly repositoryUrl: (listener: Listener) => string
    /** A tree that Fairlead made itself is adopted from the start. */
    readonly adoptFor: string | undefined
  }
  readonly onListening?: (listener: Listener) => void
}

interface ApiProgramPlace {
  readonly source: 'api'
  /** Told when the kubelet of this machine turns out to be another node; where absent, the name is meant as it is. */
  readonly onRenamed?: (() => void) | undefined
}

/** `fairlead run` and `fairlead agent`: one machine, until interrupted. */
export async function runMachine(options: MachineOptions): Promise<void> {
  const release = await options.machine.state.acquireLock()
  try {
    await adoptOwnTree(options)
    await listenAndReconcile(options)
  } finally {
    await release()
  }
}

async function listenAndReconcile(options: MachineOptions): Promise<void> {
  const { machine, node, interrupted } = options
  const started: { reconciler?: Reconciler } = {}
  // Routes join the listener as what they show comes up: the demo's repository has to be served before it can be read.
  const routes: Route[] = [...(options.embedded?.routes((reason) => started.reconciler?.trigger(reason)) ?? [])]
  const shown = await listen(options, routes)
  const listener = shown?.listener
  const metrics = shown?.metrics ?? uncounted
  try {
    const url = listener === undefined ? undefined : options.embedded?.repositoryUrl(listener)
    const program = await openProgram(options, url)
    const reconciler = newReconciler(await withSchedule(options), program, metrics)
    started.reconciler = reconciler
    if (options.program !== undefined) {
      announceReady(reconciler.reporter, machine, program.mayStartK3s ?? Promise.resolve(), interrupted)
    }
    shown?.show(reconciler)
    if (listener !== undefined) options.onListening?.(listener)
    interrupted.addEventListener('abort', () => reconciler.stop(), { once: true })
    if (interrupted.aborted) return
    machine.log.info({ node, root: machine.root, version: options.version }, 'fairlead started')
    if (options.settings.kernel === 'auto' && !keepsKernel(options.settings, machine.root)) {
      machine.log.info(
        { root: machine.root },
        'this kernel is left alone, because --root names another machine; --kernel on keeps it',
      )
    }
    await reconciler.run()
    machine.log.info(
      { node },
      'fairlead stopped; what it wrote stays in force, but for a change that was not confirmed',
    )
  } finally {
    await listener?.close()
  }
}

async function adoptOwnTree({ machine, node, embedded }: MachineOptions): Promise<void> {
  const cluster = embedded?.adoptFor
  if (cluster === undefined || (await machine.state.readAdoption()) !== undefined) return
  const adoptedAt = new Date(machine.clock.nowMs()).toISOString()
  await machine.state.writeAdoption({ cluster, node, adoptedAt, takenOver: {} })
}

function newReconciler(
  options: MachineOptions,
  { permits, source, git }: OpenProgram,
  metrics: MetricsPort,
): Reconciler {
  const { settings, machine, node } = options
  const { root, stateDirectory, log } = machine
  return new Reconciler(
    {
      cluster: settings.cluster,
      node,
      ...convergeSettings(settings, { placeFlags: false }),
      intervalMs: settings.interval,
      resync: settings.resync === undefined ? undefined : { schedule: settings.resync, timeZone: settings.timeZone },
    },
    {
      ...machine,
      metrics,
      source,
      ...(git === undefined ? {} : { git }),
      ...deployments(options, metrics),
      ...(keepsKernel(settings, root) ? { kernel: tendedKernel(options, permits, metrics) } : {}),
      events: openFileEvents({ root, stateDirectory, log }),
    },
  )
}

/** What becomes of the manifests, by who applies them. A demo never touches a cluster. */
function deployments(
  { settings, machine, node, embedded }: MachineOptions,
  metrics: MetricsPort,
): Pick<ReconcilerPorts, 'deploy' | 'removals'> {
  const builtin = embedded === undefined ? openDeployLoop(settings, machine, node, metrics) : undefined
  const k3s = embedded === undefined ? openK3sDeployment(settings, machine, node, metrics) : undefined
  const deploy: NonNullable<ReconcilerPorts['deploy']> = {
    ...(builtin === undefined ? {} : { builtin }),
    ...(k3s === undefined ? {} : { k3s }),
  }
  return { deploy, removals: { progressOf: (path, engine) => deploy[engine]?.progressOf(path) } }
}

/** Only the loop cleans up by itself: a single pass cannot watch. */
function tendedKernel(
  { settings, machine, node, panicScript }: MachineOptions,
  permits: PermitPort | undefined,
  metrics: MetricsPort,
): KernelPorts {
  const { ports, events } = openKernel(machine, metrics, {
    emergency: panicScript,
    confirmTimeoutMs: settings.confirmTimeout,
  })
  const kubeconfigs = kubeconfigsFor({ settings }, machine.root)
  const asked = permits === undefined ? {} : { permits }
  return { ports: { ...ports, ...asked, cleanups: openMachineCleanups(machine, { node, kubeconfigs }) }, events }
}

async function listen(options: MachineOptions, routes: Route[]): Promise<MachineListener | undefined> {
  const { settings, machine, version, embedded } = options
  const address = listenAddress(settings.listen)
  if (address === undefined) return undefined
  const { openMachineListener } = await import('./machine-listener.ts')
  const fallback = embedded !== undefined
  return await openMachineListener(address, { settings, machine, version, fallback }, routes)
}

async function withSchedule(options: MachineOptions): Promise<MachineOptions> {
  if (options.settings.resync === undefined) return options
  const { scheduleCron } = await import('../adapters/clock/cron-schedule.ts')
  return { ...options, machine: { ...options.machine, clock: systemClock(scheduleCron) } }
}

interface OpenProgram extends Pick<ReconcilerPorts, 'source' | 'git'> {
  readonly permits?: PermitPort
  /** Resolves once a K3s of this machine may start; absent where it always may. */
  readonly mayStartK3s?: Promise<void>
}

/** Each is loaded only where it is needed. */
async function openProgram(options: MachineOptions, url: string | undefined): Promise<OpenProgram> {
  const { settings, machine, node, program, version, interrupted } = options
  if (program?.source === 'api') {
    const { openApiProgram } = await import('./api-program.ts')
    const { onRenamed } = program
    return await openApiProgram({ settings, machine, node, agentVersion: version, onRenamed }, interrupted)
  }
  await (await import('./show-manifests.ts')).showManifests(machine)
  if (program?.source === 'file') {
    return (await import('./file-program.ts')).openFileProgram(program.path, node, machine.log)
  }
  return (await import('./repository-program.ts')).openRepositoryProgram(settings, machine, node, url)
}
