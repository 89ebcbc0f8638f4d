import { toYaml } from '../text/yaml-print.ts'

/** A value for other programs: `-o json` keeps the order of its fields, `-o yaml` sorts them. */
export function formatStructured(value: unknown, format: 'json' | 'yaml'): string {
  // Through JSON first, so that fields that are undefined are absent in both.
  const json = JSON.stringify(value, null, 2)
  return format === 'json' ? `${json}\n` : toYaml(JSON.parse(json))
}

export function isStructured(format: unknown): format is 'json' | 'yaml' {
  return format === 'json' || format === 'yaml'
}
