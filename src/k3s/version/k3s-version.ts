/** A K3s release, comparable. Made by `parseK3sVersion` only. */
export interface K3sVersion {
  /** As it was written: `v1.33.4+k3s1`. */
  readonly text: string
  readonly major: number
  readonly minor: number
  readonly patch: number
  /** The n of `-rcN`; a release candidate sorts before its release. */
  readonly candidate?: number
  /** The n of `+k3sN`: 1 where the text does not say it. */
  readonly build: number
}

/**
 * `v1.33.4+k3s1`, `v1.33.4-rc1+k3s1`, `v1.17.0+k3s.1`, `v0.10.2`, with or without the `v`; undefined for every other text.
 * @see k3s-networking §0.1
 */
export function parseK3sVersion(text: string): K3sVersion | undefined {
  const match = /^v?(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:-(?:alpha|beta|rc)(\d{1,3}))?(?:\+k3s\.?(\d{1,3}))?$/.exec(text)
  if (match === null) return undefined
  const [major = 0, minor = 0, patch = 0] = match.slice(1, 4).map(Number)
  const candidate = match[4] === undefined ? {} : { candidate: Number(match[4]) }
  return { text, major, minor, patch, ...candidate, build: Number(match[5] ?? 1) }
}

/** Negative, zero or positive, like every comparison: Kubernetes' numbers first, then the candidate, then `+k3sN`. */
export function compareK3sVersions(a: K3sVersion, b: K3sVersion): number {
  return (
    a.major - b.major ||
    a.minor - b.minor ||
    a.patch - b.patch ||
    (a.candidate ?? Number.POSITIVE_INFINITY) - (b.candidate ?? Number.POSITIVE_INFINITY) ||
    a.build - b.build
  )
}
