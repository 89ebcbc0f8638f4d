import { toYaml } from '../text/yaml-print.ts'

/** A value for other programs, with its fields in the same order in both formats: what it is first. */
export function formatStructured(value: unknown, format: 'json' | 'yaml'): string {
  const named = isObject(value) ? { ...namesOf(value), ...value } : value
  const json = JSON.stringify(named, null, 2)
  // Through JSON first, so that fields that are undefined are absent in both.
  return format === 'json' ? `${json}\n` : yamlInOrder(JSON.parse(json))
}

export function isStructured(format: unknown): format is 'json' | 'yaml' {
  return format === 'json' || format === 'yaml'
}

/** Files keep their fields sorted by name, and so `kind` somewhere in the middle. */
function namesOf(value: object): object {
  return 'apiVersion' in value && 'kind' in value ? { apiVersion: value.apiVersion, kind: value.kind } : {}
}

/** `toYaml` sorts, for files whose bytes must not move: here it only prints what has nothing to sort. */
function yamlInOrder(value: unknown): string {
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item) => (isFilled(item) ? `- ${indented(yamlInOrder(item)).slice(2)}` : toYaml([item]))).join('')
  }
  if (!isObject(value) || !isFilled(value)) return toYaml(value)
  const fields = Object.entries(value).map(([name, field]) =>
    isFilled(field)
      ? `${toYaml({ [name]: 0 }).slice(0, -' 0\n'.length)}\n${indented(yamlInOrder(field))}`
      : toYaml({ [name]: field }),
  )
  return fields.join('')
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isFilled(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n')
}
