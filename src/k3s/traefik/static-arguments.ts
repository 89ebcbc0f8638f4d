/** One command-line argument of Traefik, in lower case as Traefik compares them: `entrypoints.web.address`. */
export interface StaticArgument {
  readonly path: readonly string[]
  readonly value?: string
}

/**
 * Undefined for a text that is no `--name` or `--name=value`; one dash is as good as two.
 * @see traefik/paerser flag/flagparser.go (`parseOne`)
 */
export function parseStaticArgument(text: string): StaticArgument | undefined {
  const match = /^--?([A-Za-z][\w.[\]@-]*)(?:=(.*))?$/s.exec(text)
  const name = match?.[1]
  if (name === undefined || name.includes('..') || name.endsWith('.')) return undefined
  const value = match?.[2]
  return { path: name.toLowerCase().split('.'), ...(value === undefined ? {} : { value }) }
}

/**
 * Options that Traefik v3 no longer has; with one of them it does not start.
 * @see traefik/traefik docs/content/migrate/v2-to-v3-details.md
 */
const removedInVersion3: readonly { readonly option: string; readonly instead: string }[] = [
  { option: 'experimental.http3', instead: 'leave it out; http3 of the entry point is enough' },
  { option: 'metrics.influxdb', instead: 'use metrics.influxdb2 or metrics.otlp' },
  { option: 'pilot', instead: 'leave it out; Traefik Pilot has ended' },
  { option: 'providers.docker.swarmmode', instead: 'use providers.swarm' },
  { option: 'providers.marathon', instead: 'leave it out' },
  { option: 'providers.rancher', instead: 'leave it out' },
  { option: 'tracing.datadog', instead: 'use tracing.otlp' },
  { option: 'tracing.elastic', instead: 'use tracing.otlp' },
  { option: 'tracing.haystack', instead: 'use tracing.otlp' },
  { option: 'tracing.instana', instead: 'use tracing.otlp' },
  { option: 'tracing.jaeger', instead: 'use tracing.otlp' },
  { option: 'tracing.zipkin', instead: 'use tracing.otlp' },
]

export function removedArgument(argument: StaticArgument): { option: string; instead: string } | undefined {
  const name = argument.path.join('.')
  return removedInVersion3.find(({ option }) => name === option || name.startsWith(`${option}.`))
}

/** Entry points that the chart makes without being told. */
export const chartEntryPoints: readonly string[] = ['metrics', 'traefik', 'web', 'websecure']
