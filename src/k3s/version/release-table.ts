import type { K3sVersion } from './k3s-version.ts'
import { type ReleaseFloors, reaches } from './release-floors.ts'

/** What K3s ships from some releases on, oldest first. */
export interface ReleaseRow<Value> {
  /** Absent in the oldest row only: as far back as K3s goes. */
  readonly since?: ReleaseFloors
  readonly value: Value
}

/** The value of the last row that this release has reached; undefined before the first. */
export function shippedWith<Value>(rows: readonly ReleaseRow<Value>[], version: K3sVersion): Value | undefined {
  return rows.findLast((row) => row.since === undefined || reaches(row.since, version))?.value
}
