import type { K3sVersion } from './k3s-version.ts'

/** Minor versions of Kubernetes 1 that the tables of this folder speak about. */
const oldestMinor = 17
const newestMinor = 37

/** `1.17` to the newest. */
export const knownMinors: readonly string[] = Array.from(
  { length: newestMinor - oldestMinor + 1 },
  (_, index) => `1.${oldestMinor + index}`,
)

/** Whether a release is of a branch that the tables do not reach back to. */
export function isBeforeKnown(version: K3sVersion): boolean {
  return version.major < 1 || (version.major === 1 && version.minor < oldestMinor)
}

/** Whether the tables were made with this branch in view; past the newest they say what the newest does. */
export function isKnownMinor(version: K3sVersion): boolean {
  return version.major === 1 && version.minor >= oldestMinor && version.minor <= newestMinor
}
