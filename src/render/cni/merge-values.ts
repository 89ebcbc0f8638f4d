export type ChartValues = Readonly<Record<string, unknown>>

/** Values on top of others, as Helm does it: mappings are merged, everything else is replaced, lists too. */
export function mergeValues(base: ChartValues, over: ChartValues): ChartValues {
  const added = Object.entries(over).map(([key, value]): [string, unknown] => {
    const below = Object.hasOwn(base, key) ? base[key] : undefined
    return [key, isMapping(below) && isMapping(value) ? mergeValues(below, value) : value]
  })
  return { ...base, ...Object.fromEntries(added) }
}

function isMapping(value: unknown): value is ChartValues {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
