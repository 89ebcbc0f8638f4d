import { createHash } from 'node:crypto'
import { asRecord, type Json } from '../../domain/plain-json.ts'

/** The namespace of Addons, and with their names the identity of an apply set. */
export const addonNamespace = 'kube-system'
const ownerGvk = 'k3s.cattle.io/v1, Kind=Addon'
const prefix = 'objectset.rio.cattle.io'

export const hashLabel = `${prefix}/hash`
export const pruneLabel = `${prefix}/prune`
export const appliedAnnotation = `${prefix}/applied`

/**
 * What every object of an Addon carries as a label, and what it is found by.
 * @see rancher/wrangler pkg/apply/desiredset_apply.go (`objectSetHash`); the set id is empty
 */
export function ownerHash(addon: string): string {
  return createHash('sha1').update(`${ownerGvk}${addon}${addonNamespace}`).digest('hex')
}

/** The object with the marks of its Addon, all but `applied`. */
export function markObject(object: Json, addon: string): Json {
  const metadata = asRecord(object['metadata'])
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...asRecord(metadata['labels']), [hashLabel]: ownerHash(addon) },
      annotations: {
        ...asRecord(metadata['annotations']),
        [`${prefix}/id`]: '',
        [`${prefix}/owner-gvk`]: ownerGvk,
        [`${prefix}/owner-name`]: addon,
        [`${prefix}/owner-namespace`]: addonNamespace,
      },
    },
  }
}

/** The object with one more annotation. */
export function withAnnotation(object: Json, name: string, value: string): Json {
  const metadata = asRecord(object['metadata'])
  return { ...object, metadata: { ...metadata, annotations: { ...asRecord(metadata['annotations']), [name]: value } } }
}
