import { lstatSync, readdirSync, unlinkSync } from 'node:fs'
import type { LostEdit } from '../../domain/lost-edit.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { StateDirectory } from './state-directory.ts'
import { StateFile } from './state-file.ts'

const keptEdits = 200
/** A flood of large edits may not fill the disk of a node. */
const keptBytes = 64 * 1024 * 1024
const digestName = /^[0-9a-f]{64}$/

/** `lost-edits/`: each content once under its digest, and an index, newest first. */
export class LostEditStore {
  readonly #directory: StateDirectory
  readonly #index: StateFile<readonly LostEdit[]>

  constructor(directory: StateDirectory, log: LogPort) {
    this.#directory = directory
    this.#index = new StateFile(directory, 'index.json', 'earlier lost edits are no longer listed', log)
  }

  async list(): Promise<readonly LostEdit[]> {
    return (await this.#index.read()) ?? []
  }

  async text(digest: string): Promise<string | undefined> {
    if (!digestName.test(digest)) return undefined
    return (await this.#directory.read(digest))?.toString('utf8')
  }

  /** The content before the index: what is listed can always be shown. */
  async keep(edit: LostEdit, text: string): Promise<void> {
    if (!digestName.test(edit.digest)) throw new Error(`not a digest: ${JSON.stringify(edit.digest)}`)
    if ((await this.#directory.read(edit.digest)) === undefined) await this.#directory.write(edit.digest, text)
    const others = (await this.list()).filter((kept) => kept.path !== edit.path || kept.digest !== edit.digest)
    await this.#directory.within('make', async (directory) => {
      const sizeOf = (digest: string): number => lstatSync(directory.at(digest), { throwIfNoEntry: false })?.size ?? 0
      const kept = withinBounds([edit, ...others], sizeOf)
      await this.#index.write(kept)
      const named = new Set(kept.map(({ digest }) => digest))
      for (const name of readdirSync(directory.at())) {
        if (digestName.test(name) && !named.has(name)) unlinkSync(directory.at(name))
      }
    })
  }
}

/** The newest stays whatever its size. */
function withinBounds(edits: readonly LostEdit[], sizeOf: (digest: string) => number): readonly LostEdit[] {
  const counted = new Set<string>()
  let total = 0
  const end = edits.slice(0, keptEdits).findIndex(({ digest }, position) => {
    if (!counted.has(digest)) total += sizeOf(digest)
    counted.add(digest)
    return position > 0 && total > keptBytes
  })
  return edits.slice(0, end === -1 ? keptEdits : end)
}
