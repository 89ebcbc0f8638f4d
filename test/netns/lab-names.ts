/** Who made a namespace, as its name tells: what a killed run left behind is no longer anybody's. */
export interface LabOwner {
  readonly pid: number
  /** When the process began, in clock ticks since boot: a pid alone is given out again. */
  readonly startTicks: string
}

/** `fllab-4711-123456-9f3c01`: every namespace of the lab is this, a hyphen and its role. */
export function labPrefix(owner: LabOwner, unique: string): string {
  return `fllab-${owner.pid}-${owner.startTicks}-${unique}`
}

/**
 * @param name of a namespace, or of a lab's folder
 * @returns undefined for what belongs to no lab
 */
export function ownerOf(name: string): LabOwner | undefined {
  const [, pid, startTicks] = /^fllab-(\d+)-(\d+)-[0-9a-f]+-[A-Za-z0-9]+$/.exec(name) ?? []
  return pid === undefined || startTicks === undefined ? undefined : { pid: Number(pid), startTicks }
}

/**
 * @param stat `/proc/<pid>/stat`, whose second field may itself hold blanks and brackets
 * @see proc_pid_stat(5), field 22
 */
export function startTicksOf(stat: string): string | undefined {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}
