import type { HostReading, RunningK3s } from '../../src/domain/host.ts'
import type { ObservedFile } from '../../src/domain/observation.ts'
import { sha256Hex } from '../../src/text/digest.ts'

/** 2026-03-01 12:00 UTC: K3s of a test machine started then. */
export const startedAtMs = Date.UTC(2026, 2, 1, 12)

type FileLiteral = string | { readonly text?: string; readonly modifiedAtMs?: number; readonly unreadable?: string }

/** A machine with these files, read an hour after its K3s started. Files are older than that unless they say more. */
export function hostReading(
  files: Readonly<Record<string, FileLiteral>> = {},
  rest: Partial<HostReading> = {},
): HostReading {
  const observed = Object.entries(files).map(([path, literal]): ObservedFile => {
    const {
      text,
      modifiedAtMs = startedAtMs - 3_600_000,
      unreadable,
    } = typeof literal === 'string' ? { text: literal } : literal
    return {
      path,
      type: 'file',
      mode: 0o600,
      ownerUid: 0,
      modifiedAtMs,
      sizeBytes: text?.length ?? 0,
      ...(text === undefined ? {} : { text, digest: sha256Hex(text) }),
      ...(unreadable === undefined ? {} : { unreadable }),
    }
  })
  return {
    readAtMs: startedAtMs + 3_600_000,
    hostName: 'PI-1',
    files: new Map(observed.map((file) => [file.path, file])),
    unreadable: observed.flatMap(({ path, unreadable }) =>
      unreadable === undefined ? [] : [{ path, reason: unreadable }],
    ),
    ...rest,
  }
}

/** A server that is up, and so hides its arguments. */
export function running(rest: Partial<RunningK3s> = {}): RunningK3s {
  return { pid: 812, arguments: ['/usr/local/bin/k3s server'], environment: {}, startedAtMs, ...rest }
}
