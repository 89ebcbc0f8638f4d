/** Kernel settings below `/proc/sys/net`. Paths come as their parts; anything outside is a Failure SYSCTL_REFUSED. */
export interface SysctlsPort {
  /** The value without its line end; undefined when there is no such setting here. */
  read(path: readonly string[]): Promise<string | undefined>
  /** @throws Failure SYSCTL_REJECTED with the kernel's reason, SYSCTL_MISSING */
  write(path: readonly string[], value: string): Promise<void>
  /** Writes the settings for the next boot, where the system reads them last; undefined takes the file away. */
  persist(settings: Readonly<Record<string, string>> | undefined): Promise<void>
}
