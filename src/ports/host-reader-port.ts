import type { HostReading, RunningK3s } from '../domain/host.ts'
import type { ObservedFile } from '../domain/observation.ts'

/** A K3s machine, read without changing anything. */
export interface HostReaderPort {
  /**
   * The files that tell K3s its flags, by path as K3s sees them: configuration, drop-ins, units, their environment files.
   * Cheap enough for every pass. What does not exist is not in it; what cannot be read is, with the reason.
   */
  readConfigFiles(signal: AbortSignal): Promise<ReadonlyMap<string, ObservedFile>>
  /** Everything that can be known of the machine from its files and, where it is this one, from its kernel. */
  read(signal: AbortSignal): Promise<HostReading>
}

/** Where the files of one K3s are, as its flags and its service say. Paths as K3s sees them; an address is none. */
export interface MachinePlaces {
  readonly configFile: string
  readonly dropInDirectory: string
  /** Files of variables that the service reads. */
  readonly environmentFiles: readonly string[]
  readonly dataDirectory: string
  /** What `flannel-conf` and `flannel-cni-conf` name. */
  readonly namedFiles: readonly string[]
}

/** Finds the places in the texts of a machine by path, and in what a K3s that runs there was started with. */
export type FindPlaces = (texts: ReadonlyMap<string, string>, running: RunningK3s | undefined) => MachinePlaces
