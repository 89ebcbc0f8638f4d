import { openProgramFile } from '../adapters/disk/program-file.ts'
import type { LogPort } from '../ports/log-port.ts'
import { fileSource } from '../reconcile/file-source.ts'
import type { ReconcilerPorts } from '../reconcile/reconciler.ts'

/** The program of this node as a file holds it. */
export function openFileProgram(path: string, node: string, log: LogPort): Pick<ReconcilerPorts, 'source'> {
  return { source: fileSource(node, openProgramFile(path, log), log) }
}
