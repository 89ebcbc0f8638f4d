import type { PublishedProgram } from '../domain/published-program.ts'

/** The last program that was taken from a controller, and the key that it was held against. */
export interface AcceptedProgram {
  readonly published: PublishedProgram
  /** SubjectPublicKeyInfo, PEM: programs of this cluster are signed with it from the first one on. */
  readonly publicPem: string
}

/**
 * What an agent keeps of its controller, so that it needs neither it nor the API. One atomic write takes a program and whom
 * it is trusted from together.
 */
export interface ProgramCachePort {
  readAccepted(): Promise<AcceptedProgram | undefined>
  writeAccepted(accepted: AcceptedProgram): Promise<void>
  /** @returns undefined for one that is missing, or is not what its digest says */
  readContent(digest: string): Promise<string | undefined>
  writeContent(digest: string, data: string): Promise<void>
  /** Removes every other one. */
  keepContents(digests: readonly string[]): Promise<void>
  /** API servers of this cluster as it named them itself, `host:port`; undefined before it did. */
  readServers(): Promise<readonly string[] | undefined>
  writeServers(servers: readonly string[]): Promise<void>
  /** Markers that keep K3s from manifests of ours, as absolute paths: only those that we set. */
  readMarkers(): Promise<readonly string[]>
  writeMarkers(paths: readonly string[]): Promise<void>
}
