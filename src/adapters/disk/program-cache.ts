import { readdirSync, unlinkSync } from 'node:fs'
import { contentName } from '../../domain/fairlead-api.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { AcceptedProgram, ProgramCachePort } from '../../ports/program-cache-port.ts'
import { sha256Hex } from '../../text/digest.ts'
import { StateDirectory } from './state-directory.ts'
import { StateFile } from './state-file.ts'

export interface ProgramCache extends ProgramCachePort {
  /** The controller and everything that came from it; markers stay until they were taken away. The next one is trusted. */
  forget(): Promise<void>
}

/** What an agent keeps of its controller in `stateDirectory`, a path on this disk. Nothing is touched before the first call. */
export function openProgramCache(options: { readonly stateDirectory: string; readonly log: LogPort }): ProgramCache {
  const { log } = options
  const directory = new StateDirectory(options.stateDirectory)
  const contents = directory.child('contents')
  const file = <T extends object>(name: string, consequence: string): StateFile<T> =>
    new StateFile<T>(directory, name, consequence, log)
  const accepted = file<AcceptedProgram>(
    'controller.json',
    'the next controller that is heard of is trusted, unless --controller-key-file names its key',
  )
  const servers = file<readonly string[]>('api-servers.json', 'other API servers are learned anew')
  const markers = file<readonly string[]>(
    'skip-markers.json',
    'files *.skip in the manifests directory that Fairlead set stay there until somebody removes them',
  )
  const keepContents = async (digests: readonly string[]): Promise<void> => {
    const kept = new Set(digests.map(contentName))
    await contents.within('undefined', async (open) => {
      const old = readdirSync(open.at()).filter((name) => name.startsWith('sha256-') && !kept.has(name))
      for (const name of old) unlinkSync(open.at(name))
      if (old.length > 0) await open.sync()
    })
  }
  return {
    readAccepted: () => accepted.read(),
    writeAccepted: (value) => accepted.write(value),
    readContent: async (digest) => {
      const text = (await contents.read(contentName(digest)))?.toString('utf8')
      return text !== undefined && sha256Hex(text) === digest ? text : undefined
    },
    writeContent: (digest, data) => contents.write(contentName(digest), data),
    keepContents,
    readServers: () => servers.read(),
    writeServers: (value) => servers.write(value),
    readMarkers: async () => (await markers.read()) ?? [],
    writeMarkers: (paths) => (paths.length === 0 ? markers.remove() : markers.write(paths)),
    forget: async () => {
      await accepted.remove()
      await servers.remove()
      await keepContents([])
    },
  }
}
