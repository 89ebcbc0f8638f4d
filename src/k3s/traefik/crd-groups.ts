export type TraefikGroup = 'traefik.containo.us' | 'traefik.io'

/**
 * The API groups that Traefik of a packaged chart reads its objects from; none for Traefik v1, which has no objects of
 * its own.
 * @see traefik/traefik-helm-chart traefik/Changelog.md (23.0.0); traefik/traefik docs/content/migrate/v2-to-v3.md;
 *   k3s-networking §7.7
 */
export function traefikGroups(chartMajor: number): readonly TraefikGroup[] {
  if (chartMajor < 9) return []
  if (chartMajor < 23) return ['traefik.containo.us']
  return chartMajor < 28 ? ['traefik.io', 'traefik.containo.us'] : ['traefik.io']
}

/** `traefik.io/v1alpha1`: what new objects are written in; undefined for Traefik v1. */
export function traefikApiVersion(chartMajor: number): string | undefined {
  const [group] = traefikGroups(chartMajor)
  return group === undefined ? undefined : `${group}/v1alpha1`
}

/** The group of an object that Traefik reads: `traefik.io` for `traefik.io/v1alpha1`. */
export function traefikGroupOf(apiVersion: string): TraefikGroup | undefined {
  const group = apiVersion.split('/')[0]
  return group === 'traefik.io' || group === 'traefik.containo.us' ? group : undefined
}
