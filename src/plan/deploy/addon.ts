import { asList, asRecord, isRecord, type Json, textIn } from '../../domain/plain-json.ts'
import type { ServedKind } from './cluster-request.ts'
import type { DeployRules } from './deploy-rules.ts'
import { type GroupVersionKind, gvkText, parseGvkText } from './group-version-kind.ts'
import { addonNamespace } from './object-marks.ts'

export const addonKind: ServedKind = {
  groupVersion: 'k3s.cattle.io/v1',
  kind: 'Addon',
  plural: 'addons',
  namespaced: true,
}

const gvksAnnotation = 'addon.k3s.cattle.io/gvks'

/** An Addon that is not in the cluster. */
export function newAddon(name: string, source: string): Json {
  return {
    apiVersion: addonKind.groupVersion,
    kind: addonKind.kind,
    metadata: { name, namespace: addonNamespace },
    spec: { source },
  }
}

/** Whether the Addon is in the cluster, or only meant to be. */
export function isStored(addon: Json): boolean {
  return textIn(asRecord(addon['metadata'])['uid']) !== undefined
}

export function checksumOf(addon: Json): string | undefined {
  return textIn(asRecord(addon['spec'])['checksum'])
}

/** The Addon after a success: `gvks` are those of the file, not those that were there before. */
export function settledAddon(
  addon: Json,
  outcome: { readonly source: string; readonly checksum: string; readonly gvks: readonly GroupVersionKind[] },
  rules: DeployRules,
): Json {
  const { source, checksum, gvks } = outcome
  const spec = { ...asRecord(addon['spec']), source, ...(rules.storesChecksum ? { checksum } : {}) }
  if (rules.gvkRecord === 'none') return { ...addon, spec }
  if (rules.gvkRecord === 'status') {
    const list = gvks.map(({ group, version, kind }) => ({ Group: group, Version: version, Kind: kind }))
    return { ...addon, spec, status: { gvks: list } }
  }
  const metadata = asRecord(addon['metadata'])
  const annotations = { ...asRecord(metadata['annotations']), [gvksAnnotation]: gvks.map(gvkText).join(';') }
  return { ...addon, metadata: { ...metadata, annotations }, spec }
}

/**
 * The kinds of the last success, as this release wrote them down; what it cannot read is left out. A record of another
 * release is not looked for, so an upgrade from `status` to the annotation forgets.
 */
export function recordedGvks(addon: Json, rules: DeployRules): readonly GroupVersionKind[] {
  if (rules.gvkRecord === 'none') return []
  if (rules.gvkRecord === 'status')
    return asList(asRecord(addon['status'])['gvks']).flatMap((item) => gvkIn(item) ?? [])
  const text = textIn(asRecord(asRecord(addon['metadata'])['annotations'])[gvksAnnotation]) ?? ''
  return text.split(';').flatMap((part) => parseGvkText(part) ?? [])
}

function gvkIn(item: unknown): GroupVersionKind | undefined {
  if (!isRecord(item)) return undefined
  const [version, kind] = [textIn(item['Version']), textIn(item['Kind'])]
  if (version === undefined || kind === undefined) return undefined
  return { group: textIn(item['Group']) ?? '', version, kind }
}
