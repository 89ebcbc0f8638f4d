import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openCheckout } from '../adapters/checkout/checkout-reader.ts'
import { openGitSource } from '../adapters/git/git-source.ts'
import { gitOptions } from '../agent/git-options.ts'
import type { NodeProgram } from '../domain/program.ts'
import type { Revision } from '../domain/revision.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { RepositoryReader } from '../ports/repository-port.ts'
import type { Settings } from '../settings.ts'
import type { Terminal } from './command.ts'

export interface OpenRepository {
  readonly reader: RepositoryReader
  /** For people: the directory, or the URL without credentials. */
  readonly description: string
  /** Of the commit that was fetched, or, in a checkout, of what a program says: the work tree has no commit. */
  revisionOf(program: NodeProgram): Revision
  close(): Promise<void>
}

/** The checkout that `--repo` names; with `--git-url` alone, that repository, fetched into a temporary directory. */
export async function openRepository(
  settings: Settings,
  terminal: Pick<Terminal, 'workingDirectory' | 'interrupted'>,
  log: LogPort,
): Promise<OpenRepository> {
  const namesCheckout = settings.repo !== '.'
  if (settings.gitUrl === undefined || namesCheckout) {
    return checkout(resolve(terminal.workingDirectory, settings.repo))
  }
  const directory = await mkdtemp(join(tmpdir(), 'fairlead-'))
  const source = openGitSource(gitOptions(settings, undefined, directory, log))
  const close = async (): Promise<void> => {
    await source.close()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const revision = await source.fetch(terminal.interrupted)
    const { description } = source
    return { reader: source.reader(revision.commit), description, revisionOf: () => revision, close }
  } catch (error) {
    await close()
    throw error
  }
}

function checkout(directory: string): OpenRepository {
  return {
    reader: openCheckout(directory),
    description: directory,
    revisionOf: ({ digest }) => ({
      name: `checkout@sha256:${digest}`,
      commit: '',
      author: '',
      subject: '',
      committedAt: '',
    }),
    close: async () => {},
  }
}
