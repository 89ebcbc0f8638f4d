import type { CleanupKind } from '../domain/cleanup.ts'

/** Every kind that there is, for the words of options. */
export const cleanupKinds: readonly CleanupKind[] = [
  'calico',
  'cilium',
  'flannel',
  'kube-proxy',
  'legacy-backends',
  'network-policy',
  'servicelb',
  'vxlan-devices',
  'wireguard-devices',
]

/** @returns the kinds of an option, or what is wrong with it */
export function kindsOf(option: string | boolean | undefined): readonly CleanupKind[] | string {
  const words = typeof option === 'string' ? option.split(',') : []
  const unknown = words.find((word) => !cleanupKinds.some((kind) => kind === word))
  if (unknown !== undefined) return `${JSON.stringify(unknown)} is none of ${cleanupKinds.join(', ')}`
  return cleanupKinds.filter((kind) => words.includes(kind))
}

export function isText(value: unknown): value is string {
  return typeof value === 'string'
}
