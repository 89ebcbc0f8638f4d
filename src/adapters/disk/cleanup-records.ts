import { readdirSync } from 'node:fs'
import { type CleanupRecord, isRecordName } from '../../domain/cleanup-record.ts'
import { Failure } from '../../domain/failure.ts'
import type { CleanupRecordsPort } from '../../ports/cleanup-records-port.ts'
import { StateDirectory } from './state-directory.ts'

const fileName = 'undo.json'
const markName = 'taken-back'

/** The records below `<state>/cleanups`. Nothing is made before the first one is written. */
export function openCleanupRecords(stateDirectory: string): CleanupRecordsPort {
  const directory = new StateDirectory(`${stateDirectory}/cleanups`)
  // A directory that others may write is refused before anything in it is read.
  const textOf = async (name: string, file: string): Promise<string | undefined> => {
    if (!isRecordName(name)) return undefined
    const child = directory.child(name)
    const isThere = await child.within('undefined', async () => true)
    return isThere === true ? (await child.read(file))?.toString('utf8') : undefined
  }
  return {
    names: () => namesBelow(directory.path).filter(isRecordName),
    write: async (record) => {
      await directory.child(record.name).write(fileName, `${JSON.stringify(record, undefined, 2)}\n`)
      return `${directory.path}/${record.name}/${fileName}`
    },
    read: async (name) => {
      const text = await textOf(name, fileName)
      return text === undefined ? undefined : parseRecord(text, `${directory.path}/${name}/${fileName}`)
    },
    markTakenBack: async (name) => {
      if (isRecordName(name)) await directory.child(name).write(markName, 'taken back\n')
    },
    isTakenBack: async (name) => (await textOf(name, markName)) !== undefined,
  }
}

/** Sorted; none where there is no such directory. */
function namesBelow(path: string): readonly string[] {
  try {
    return readdirSync(path).sort()
  } catch {
    return []
  }
}

function parseRecord(text: string, where: string): CleanupRecord {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && 'version' in value && value.version === 1) {
      return value as CleanupRecord
    }
  } catch {
    // Told below.
  }
  throw new Failure(`${where} is damaged, or was written by a newer Fairlead`, {
    code: 'UNDO_UNREADABLE',
    where,
    fix: 'run the Fairlead that wrote it; the file itself lists the commands',
    retry: 'never',
  })
}
