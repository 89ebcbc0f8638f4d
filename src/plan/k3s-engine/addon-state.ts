import type { DeployedAddon, DeployWord } from '../../domain/deployed-objects.ts'
import type { K3sVersion } from '../../k3s/version/k3s-version.ts'
import { deployRules } from '../deploy/deploy-rules.ts'
import { applied, type DeployedState, failed, pending, unknown } from './manifest-state.ts'

/** Two patch releases forgot to (k3s-io/k3s #3921). Of a release that nobody knows it is taken for granted. */
export function storesChecksum(version: K3sVersion | undefined): boolean {
  return version === undefined || deployRules(version).storesChecksum
}

export interface AddonQuestion {
  readonly path: string
  /** SHA-256 of the bytes that are to be applied, in hex. */
  readonly digest: string
  readonly addon: DeployedAddon | undefined
  /** The newest word about it. */
  readonly word: DeployWord | undefined
  readonly version: K3sVersion | undefined
}

/** Whether K3s applied these very bytes. What it did not store it cannot have done: the checksum is written last. */
export function addonState({ path, digest, addon, word, version }: AddonQuestion): DeployedState {
  const failure = lastFailure(addon, word)
  if (failure !== undefined) return failed(describeFailure(failure))
  if (addon === undefined) return pending('K3s has not applied it yet')
  if (!storesChecksum(version)) {
    return unknown(
      `K3s ${version?.text} keeps no checksum of what it applied, so that nobody can tell which content it was`,
    )
  }
  if (addon.checksum === digest) return applied
  if (addon.source !== '' && addon.source !== path) {
    return pending(`its Addon ${addon.name} is that of ${addon.source} as well, and K3s applied that one last`)
  }
  return pending(
    addon.checksum === ''
      ? 'K3s has not applied it yet'
      : 'K3s applied another content of this name last: an earlier one, or that of another server',
  )
}

/** A failure that no success came after: a success is written into the Addon. */
export function lastFailure(addon: DeployedAddon | undefined, word: DeployWord | undefined): DeployWord | undefined {
  if (word?.isFailure !== true) return undefined
  // When the Addon is made, before its file is read, it holds no checksum yet.
  const isOver = addon?.checksum !== '' && addon?.writtenAtMs !== undefined && addon.writtenAtMs > word.atMs
  return isOver ? undefined : word
}

function describeFailure({ reason, message }: DeployWord): string {
  return message === '' ? reason : `${reason}: ${message}`
}
