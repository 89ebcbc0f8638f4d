/** How a chart major is told to send one entry point's requests to another, and what it does with the other spellings. */
export interface RedirectShape {
  /** Below `ports.<entry point>`. */
  readonly path: readonly string[]
  readonly form: 'name' | 'port-map' | 'entry-point-map'
  /** Spellings that the templates refuse; every other foreign one is ignored. */
  readonly fails: readonly ('redirectTo-name' | 'redirectTo-map')[]
}

interface RedirectEra extends RedirectShape {
  readonly lastMajor: number
}

/**
 * @see traefik/traefik-helm-chart traefik/Changelog.md (25.0.0, 34.0.0, 39.0.0); k3s-networking §7.5: the packaged chart
 *   has no values schema, so what no template reads is lost without a word
 */
const eras: readonly RedirectEra[] = [
  { lastMajor: 24, path: ['redirectTo'], form: 'name', fails: ['redirectTo-map'] },
  { lastMajor: 33, path: ['redirectTo'], form: 'port-map', fails: ['redirectTo-name'] },
  {
    lastMajor: 37,
    path: ['redirections', 'entryPoint'],
    form: 'entry-point-map',
    fails: ['redirectTo-name', 'redirectTo-map'],
  },
  { lastMajor: 38, path: ['redirections', 'entryPoint'], form: 'entry-point-map', fails: [] },
  {
    lastMajor: Number.POSITIVE_INFINITY,
    path: ['http', 'redirections', 'entryPoint'],
    form: 'entry-point-map',
    fails: [],
  },
]

/** Undefined for Traefik v1, which has no entry points in its values. */
export function redirectShape(chartMajor: number): RedirectShape | undefined {
  return chartMajor < 9 ? undefined : eras.find((era) => chartMajor <= era.lastMajor)
}

/** Values that send plain HTTP to HTTPS, for a chart major. */
export function redirectFragment(chartMajor: number): Readonly<Record<string, unknown>> {
  const shape = redirectShape(chartMajor)
  if (shape === undefined) return { ssl: { enabled: true, enforced: true } }
  const value =
    shape.form === 'name'
      ? 'websecure'
      : shape.form === 'port-map'
        ? { port: 'websecure' }
        : { to: 'websecure', scheme: 'https', permanent: true }
  return { ports: { web: nested(shape.path, value) } }
}

function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
}
