import { asList, asRecord, type Json } from '../../domain/plain-json.ts'

/** Epoch milliseconds of the last write that the server noted down, by whomever. */
export function lastWrittenMs(object: Json): number | undefined {
  const { managedFields } = asRecord(object['metadata'])
  const times = asList(managedFields)
    .map((entry) => Date.parse(String(asRecord(entry)['time'])))
    .filter((time) => !Number.isNaN(time))
  return times.length === 0 ? undefined : Math.max(...times)
}
