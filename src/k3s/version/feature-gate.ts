import type { ReleaseFloors } from './release-floors.ts'

/** Something that K3s does from some releases on, or in some releases only. */
export interface FeatureGate {
  /** What it is, for people: `files in config.yaml.d`. */
  readonly title: string
  /** The first releases that have it; absent where every release has had it. */
  readonly since?: ReleaseFloors
  /** The first releases that no longer have it. */
  readonly until?: ReleaseFloors
  /** Where that stands. */
  readonly source: string
}
