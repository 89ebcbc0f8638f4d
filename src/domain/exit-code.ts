/** What every verb ends with (DESIGN §7). */
export const exitCode = {
  /** Done, or nothing to do. */
  done: 0,
  failed: 1,
  /** Only with `--detailed-exitcode`. */
  changesPending: 2,
  /** By policy or lint errors. */
  denied: 3,
  badUsage: 64,
  /** Wrong runtime, or a wrong configuration of Fairlead itself. */
  badConfiguration: 78,
} as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]
