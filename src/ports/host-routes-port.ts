import type { HostRoutes, RouteWrite } from '../domain/host-routes.ts'
import type { InverseStep } from '../domain/inverse.ts'

/** Routes, routing rules and links of this node. Failures carry codes ROUTES_UNSUPPORTED, ROUTES_FAILED, ROUTE_REJECTED. */
export interface HostRoutesPort {
  /** Everything that the kernel holds, both families, all tables. */
  read(signal: AbortSignal): Promise<HostRoutes>
  /**
   * Carries the writes out in their order, one batch per family. One that the kernel refuses does not keep the others from
   * being carried out.
   * @returns what was refused, with the kernel's words
   */
  write(writes: readonly RouteWrite[], signal: AbortSignal): Promise<readonly RefusedWrite[]>
  /** What takes the routes and rules that `writes` touch back to how they are now. */
  inverse(writes: readonly RouteWrite[], now: HostRoutes): readonly InverseStep[]
}

export interface RefusedWrite {
  readonly write: RouteWrite
  readonly message: string
}
