import { asRecord, isRecord } from '../packaged/chart-overrides.ts'

/** The value at a path of a chart's values; undefined where nothing stands. */
export function valueAt(values: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    values,
  )
}

/** The entry points that the values name: `ports.<name>` with what stands there. */
export function entryPointsIn(
  values: Readonly<Record<string, unknown>>,
): readonly { readonly name: string; readonly value: Readonly<Record<string, unknown>> }[] {
  return Object.entries(asRecord(values['ports'])).flatMap(([name, value]) =>
    isRecord(value) ? [{ name, value }] : [],
  )
}
