import type { Failure } from '../../domain/failure.ts'
import { hostFailure } from './host-failure.ts'

const fixes: Readonly<Record<string, string>> = {
  ENOSPC: 'free space on the host; what was there is untouched',
  EDQUOT: 'free space on the host; what was there is untouched',
  EROFS: 'this host keeps the directory read-only; make /opt and /etc writable, or install the agent with its image',
  EACCES: 'run it as root, with the root of the host mounted writable',
  EPERM: 'run it as root; look for an immutable flag (lsattr) on the host',
}

/**
 * Does something on the host's disk.
 * @throws Failure HOST_DISK_REFUSED with the path and the system's own word
 */
export function onDisk<T>(run: () => T): T {
  try {
    return run()
  } catch (cause) {
    throw diskFailure(cause) ?? cause
  }
}

function diskFailure(cause: unknown): Failure | undefined {
  if (!(cause instanceof Error) || !('code' in cause) || !('syscall' in cause)) return undefined
  const code = String(cause.code)
  const path = 'path' in cause ? String(cause.path) : 'the disk of the host'
  return hostFailure(
    'HOST_DISK_REFUSED',
    `${String(cause.syscall)} ended with ${code}`,
    path,
    fixes[code] ?? 'look at the file system of the host',
    { cause },
  )
}
