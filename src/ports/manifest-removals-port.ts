import type { RemovalProgress } from '../domain/manifest-removal.ts'
import type { DeployEngine } from '../domain/status.ts'

/** What the API knows of manifests that were emptied. */
export interface ManifestRemovalsPort {
  /**
   * @param path absolute, as K3s sees it
   * @param engine who applies the directory now
   * @returns undefined where the API was never asked: then only time tells
   */
  progressOf(path: string, engine: DeployEngine): RemovalProgress | undefined
}
