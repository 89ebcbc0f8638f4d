import { textIn } from '../../domain/plain-json.ts'

export interface GroupVersionKind {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** `apps/v1, Kind=Deployment`; the core group leaves its slash behind: `/v1, Kind=ConfigMap`. */
export function gvkText({ group, version, kind }: GroupVersionKind): string {
  return `${group}/${version}, Kind=${kind}`
}

/** What `gvkText` wrote; undefined for every other text. */
export function parseGvkText(text: string): GroupVersionKind | undefined {
  const match = /^([^/,]*)\/([^/,]+), Kind=(.+)$/.exec(text)
  if (match === null) return undefined
  const [, group = '', version = '', kind = ''] = match
  return { group, version, kind }
}

/** `apps/v1`, and `v1` for the core group. */
export function groupVersionText({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === '' ? version : `${group}/${version}`
}

/**
 * What an object says it is. Its apiVersion may be missing; undefined where there is no kind, or an apiVersion that is
 * none (`a/b/c`).
 */
export function gvkOf(object: Readonly<Record<string, unknown>>): GroupVersionKind | undefined {
  const kind = textIn(object['kind'])
  const parts = (textIn(object['apiVersion']) ?? '').split('/')
  if (kind === undefined || parts.length > 2) return undefined
  const [first = '', second] = parts
  return second === undefined ? { group: '', version: first, kind } : { group: first, version: second, kind }
}
