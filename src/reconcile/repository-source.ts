import type { Facts } from '../domain/facts.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { GitSourcePort } from '../ports/repository-port.ts'
import { compileRevision } from './compile-revision.ts'
import { chooseCluster } from './load-desired.ts'
import type { ProgramSource } from './program-source.ts'

export interface RepositorySourceOptions {
  /** Below `clusters/`; undefined takes the only one there is. */
  readonly cluster: string | undefined
  readonly facts: Facts
  /** The node of `facts` that this machine is. */
  readonly node: string
}

/** The head of a repository, compiled for one node here. */
export function repositorySource(options: RepositorySourceOptions, git: GitSourcePort, log: LogPort): ProgramSource {
  const { cluster, facts, node } = options
  return {
    description: git.description,
    read: async (known, anew, signal) => {
      const revision = await git.fetch(signal)
      if (known.kind !== 'unread' && known.revision.name === revision.name && !anew) return undefined
      const reader = git.reader(revision.commit)
      const directory = await chooseCluster(reader, cluster, signal)
      const compiled = await compileRevision(reader, directory, facts, signal)
      const { problems } = compiled
      if (compiled.kind === 'refused') {
        log.warn({ revision: revision.name, author: revision.author, problems: problems.length }, 'revision refused')
        return { kind: 'refused', revision, problems }
      }
      const program = compiled.nodes.find((one) => one.node === node)
      if (program === undefined) throw new Error(`no program was rendered for node ${node}`)
      log.info({ revision: revision.name, author: revision.author, program: program.digest }, 'revision compiled')
      return { kind: 'compiled', revision, candidate: { program, revision }, problems }
    },
    close: () => git.close(),
  }
}
