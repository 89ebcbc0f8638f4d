import { compareK3sVersions, type K3sVersion, parseK3sVersion } from './k3s-version.ts'

/**
 * Where something begins: the first release of every branch that has it. K3s releases a feature on main and on its live
 * branches on the same day, so one number cannot say it.
 */
export type ReleaseFloors = readonly string[]

/**
 * Whether a release is at or past the floor of its branch. Branches newer than every listed one have it, older ones do
 * not.
 * @see k3s-networking §0.1 `gate(feature, v)`
 */
export function reaches(floors: ReleaseFloors, version: K3sVersion): boolean {
  const parsed = floors.map(releaseOf)
  const own = parsed.find((floor) => floor.major === version.major && floor.minor === version.minor)
  if (own !== undefined) return compareK3sVersions(version, own) >= 0
  return parsed.some(
    (floor) => floor.major < version.major || (floor.major === version.major && floor.minor < version.minor),
  )
}

/** Something that began at `since` and ended before `until`; a bound that is absent is open. */
export interface ReleaseRange {
  readonly since?: ReleaseFloors
  readonly until?: ReleaseFloors
}

export function isWithin(range: ReleaseRange, version: K3sVersion): boolean {
  return (
    (range.since === undefined || reaches(range.since, version)) &&
    (range.until === undefined || !reaches(range.until, version))
  )
}

/** `1.24.7 / 1.25.3`, for people. */
export function printFloors(floors: ReleaseFloors): string {
  return floors.join(' / ')
}

const cache = new Map<string, K3sVersion>()

function releaseOf(text: string): K3sVersion {
  const known = cache.get(text)
  if (known !== undefined) return known
  const parsed = parseK3sVersion(text)
  if (parsed === undefined) throw new Error(`${JSON.stringify(text)} in a table of releases is no release`)
  cache.set(text, parsed)
  return parsed
}
