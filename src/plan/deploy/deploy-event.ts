import { asRecord, type Json, textIn } from '../../domain/plain-json.ts'
import { addonNamespace } from './object-marks.ts'

export type DeployReason =
  | 'ApplyingManifest'
  | 'AppliedManifest'
  | 'DeletingManifest'
  | 'ReadManifestFailed'
  | 'ParseManifestFailed'
  | 'ValidateManifestFailed'
  | 'ApplyManifestFailed'

/** A Kubernetes Event about an Addon, from the component `deploy`. */
export interface DeployEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: DeployReason
  readonly message: string
  /** `uid` is absent for an Addon that is not there (any more). */
  readonly addon: { readonly name: string; readonly namespace: string; readonly uid?: string }
}

/**
 * @param error what went wrong, for the four warnings
 * @see k3s-packaged-components §2.10
 */
export function deployEvent(reason: DeployReason, addon: Json, path: string, error = ''): DeployEvent {
  const { name, uid } = asRecord(addon['metadata'])
  const id = textIn(uid)
  return {
    type: reason.endsWith('Failed') ? 'Warning' : 'Normal',
    reason,
    message: texts[reason](JSON.stringify(path), error),
    addon: { name: textIn(name) ?? '', namespace: addonNamespace, ...(id === undefined ? {} : { uid: id }) },
  }
}

const texts: Readonly<Record<DeployReason, (path: string, error: string) => string>> = {
  ApplyingManifest: (path) => `Applying manifest at ${path}`,
  AppliedManifest: (path) => `Applied manifest at ${path}`,
  DeletingManifest: (path) => `Deleting manifest at ${path}`,
  ReadManifestFailed: (path, error) => `Read manifest at ${path} failed: ${error}`,
  ParseManifestFailed: (path, error) => `Parse manifest at ${path} failed: ${error}`,
  ValidateManifestFailed: (path, error) => `Validate GVKs for manifest at ${path} failed: ${error}`,
  ApplyManifestFailed: (path, error) => `Applying manifest at ${path} failed: ${error}`,
}
