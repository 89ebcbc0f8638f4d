/** A release on a host: its version, and the beginning of the digest of its files. */
export type HostRelease = string

/**
 * The programs of Fairlead on a host: every release in a directory of its own, which is there whole or not at all, and one
 * link that says which is in use. Whoever starts the agent at any moment starts one release or the other.
 *
 * Failures: HOST_PLACE_TAKEN where somebody put something else, and those of the disk.
 */
export interface HostProgramsPort {
  /** @returns undefined where none is in use */
  current(): HostRelease | undefined
  /** The release whose program the running agent is; undefined where no agent of ours runs. */
  running(): HostRelease | undefined
  /** Copies this very program onto the host; nothing that is in use is touched. */
  copy(): HostRelease
  /** From here on the next start of the agent is of this release. */
  use(release: HostRelease): void
  /** Programs on the host, by their path there. */
  command(release: HostRelease): readonly [string, string]
  /** The services as this release wants them: file name → content. */
  services(release: HostRelease, kind: HostServicesPort['kind']): ReadonlyMap<string, string>
  /** Takes away all releases but these. */
  keepOnly(releases: readonly HostRelease[]): void
  /** Takes away the link and all releases. */
  remove(): void
  /** A risky change of the network waits for its confirmation. */
  hasOpenChange(): boolean
}

/** What starts and stops the agent on a host. */
export interface HostServicesPort {
  readonly kind: 'systemd' | 'openrc'
  /** Somebody else keeps this machine: `fairlead run`. */
  isKeptByRun(): Promise<boolean>
  /**
   * Writes the services of a release, and what makes agents of a cluster of them.
   * @returns whether any was missing or different
   */
  place(services: ReadonlyMap<string, string>): boolean
  /** So that the next start of the machine has them; also after they changed. */
  enable(): Promise<void>
  isActive(): Promise<boolean>
  /** Starts it as well where it does not run. */
  restart(): Promise<void>
  stop(): Promise<void>
  /** Not started any more, and the files of the services gone. */
  remove(): Promise<void>
  /** Runs a program of the host on the host. */
  run(argv: readonly [string, ...string[]], timeoutMs: number): Promise<{ readonly ok: boolean; readonly said: string }>
}
