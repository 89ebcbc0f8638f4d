import type { Inventory } from '../domain/inventory.ts'
import type { NodeConfigReading, UnreadConfig } from '../domain/k3s-config-reading.ts'
import type { RemovalProgress } from '../domain/manifest-removal.ts'
import type { NodeObservation } from '../domain/observation.ts'
import type { NodeProgram } from '../domain/program.ts'
import type { DeployEngine } from '../domain/status.ts'
import type { PackagedTarget } from './packaged-target.ts'

export interface PlanInput {
  readonly program: NodeProgram
  /** The program in force before; what it says of a file that is missing now decides what a change costs. */
  readonly previous: NodeProgram | undefined
  readonly observation: NodeObservation
  readonly inventory: Inventory
  readonly engine: DeployEngine
  readonly packaged: PackagedTarget
  /** What else tells K3s here how to run; undefined where nobody looked, or no K3s is meant to read it. */
  readonly config: NodeConfigReading | undefined
  /** Files that `config` would have to be read from as well: what K3s is told is not known for sure. */
  readonly unreadConfig: readonly UnreadConfig[]
  /** A K3s is installed: what `config` amounts to is in force, or will be with its next start. */
  readonly hasK3s: boolean
  /** Foreign files that `fairlead adopt` was told to take over: path → digest when it was shown. */
  readonly takenOver: Readonly<Record<string, string>>
  /** Write flags where K3s reads them although it runs: `apply --once --place-flags`. */
  readonly placeFlags: boolean
  /** The first pass of a process: packaged files of our bundle are staged again, as K3s does when it starts. */
  readonly restage: boolean
  readonly nowMs: number
  /** How long the K3s server has been up, in milliseconds; undefined while none runs. */
  readonly k3sUpForMs: number | undefined
  /** By path, of emptied manifests: what the API shows. Of those that it knows nothing of, time decides. */
  readonly removals?: ReadonlyMap<string, RemovalProgress>
}
