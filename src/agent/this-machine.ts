import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemClock } from '../adapters/clock/system-clock.ts'
import { openNodeFiles } from '../adapters/disk/node-files.ts'
import { type NodeState, openNodeState } from '../adapters/disk/node-state.ts'
import { openHostReader } from '../adapters/host/host-reader.ts'
import { openK3sProcess } from '../adapters/k3s-process/k3s-process.ts'
import { openSopsSecrets } from '../adapters/sops/sops-secrets.ts'
import type { Facts } from '../domain/facts.ts'
import { fairleadPaths } from '../k3s/locations.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { ConvergeSettings } from '../reconcile/converge-node.ts'
import { machinePlaces } from '../reconcile/machine-places.ts'
import type { ObservePorts } from '../reconcile/observe-node.ts'
import type { Settings } from '../settings.ts'

export interface Machine extends ObservePorts {
  readonly state: NodeState
  readonly log: LogPort
  /** Absolute. */
  readonly root: string
  readonly stateDirectory: string
}

/** What is taken from the process that asks: relative roots are below its directory. */
export interface Here {
  readonly workingDirectory: string
  readonly hostName: string
}

/** The machine below `--root`. Nothing is touched before its first use. */
export function openMachine(settings: Settings, here: Pick<Here, 'workingDirectory'>, log: LogPort): Machine {
  const root = resolve(here.workingDirectory, settings.root)
  const stateDirectory = `${root === '/' ? '' : root}${fairleadPaths.state}`
  return {
    root,
    stateDirectory,
    log,
    files: openNodeFiles({ root, log }),
    state: openNodeState({ stateDirectory, log }),
    k3s: openK3sProcess({ root }),
    host: openHostReader({ root, findPlaces: machinePlaces }),
    clock: systemClock(),
    secrets: openSopsSecrets(ageKeyFile(settings, here, stateDirectory)),
  }
}

function ageKeyFile(settings: Settings, here: Pick<Here, 'workingDirectory'>, stateDirectory: string): string {
  const { ageKeyFile: named } = settings
  return named === undefined ? `${stateDirectory}/age.key` : resolve(here.workingDirectory, named)
}

/**
 * K3s lower-cases the host name when nobody tells it a node name. A machine below another root calls itself what its own
 * files say.
 */
export function nodeName(settings: Settings, here: Here): string {
  if (settings.node !== undefined) return settings.node
  const root = resolve(here.workingDirectory, settings.root)
  return ((root === '/' ? undefined : hostNameFile(root)) ?? here.hostName).toLowerCase()
}

function hostNameFile(root: string): string | undefined {
  try {
    const name = readFileSync(`${root}/etc/hostname`, 'utf8').trim()
    return name === '' ? undefined : name
  } catch {
    return undefined
  }
}

/** What this machine knows of its cluster: itself. */
export function machineFacts(settings: Settings, here: Here): Facts {
  const role = settings.role === 'agent' ? 'agent' : 'server'
  const told = settings.role === undefined ? { isRoleAssumed: true as const } : {}
  const name = nodeName(settings, here)
  return { origin: 'live', nodes: [{ name, role, ...told, labels: {}, addresses: [] }], services: [] }
}

export function convergeSettings(settings: Settings, options: { readonly placeFlags: boolean }): ConvergeSettings {
  const { engine } = settings
  return { engine: engine === 'k3s' || engine === 'builtin' ? engine : 'auto', placeFlags: options.placeFlags }
}
