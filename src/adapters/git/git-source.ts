import { revisionName } from '../../domain/revision.ts'
import type { LogPort } from '../../ports/log-port.ts'
import type { GitSourcePort, NewBranch, RepositoryReader } from '../../ports/repository-port.ts'
import { createCommandLineEngine } from './command-line-engine.ts'
import { parseGitAddress } from './git-address.ts'
import type { GitEngine, GitSettings, Renewal } from './git-engine.ts'
import { checkReference, checkReferenceName, type GitReference } from './git-reference.ts'
import { checkPublishedPath, checkTreePath } from './tree-path.ts'
import { createTurns } from './turns.ts'
import { createWorkerEngine } from './worker-engine.ts'

export interface GitSourceOptions {
  /** `https://…`, `http://…`: isomorphic-git. `ssh://…`, `git@host:path`, `file:///…`, `/path`: the git command. */
  readonly url: string
  readonly reference: GitReference
  /** Directory of our own for local copies; created with mode 0700. One source at a time may use it. */
  readonly storeDirectory: string
  readonly log: LogPort
  /** File with a token for HTTP. */
  readonly tokenFile?: string | undefined
  /** Files for Basic authentication; with `tokenFile`, the user that the token belongs to. */
  readonly usernameFile?: string | undefined
  readonly passwordFile?: string | undefined
  /** Certificates in PEM that are trusted for HTTPS instead of the system's. */
  readonly caFile?: string | undefined
  /** The only host keys that ssh accepts; ssh's own files unless told. */
  readonly knownHostsFile?: string | undefined
  readonly sshKeyFile?: string | undefined
  /** Entry of the child process; the one beside this code unless told. */
  readonly workerPath?: URL | undefined
  /** The child process ends after so long without work; 60,000 unless told. */
  readonly idleMs?: number | undefined
  /** For one operation; 60,000 unless told. */
  readonly timeoutMs?: number | undefined
}

/**
 * The repository of desired state. Operations on it run one after the other. Nothing is started or asked before the
 * first of them.
 *
 * @throws Failure GIT_URL_INVALID, GIT_REFERENCE_INVALID, GIT_SHA256_UNSUPPORTED, GIT_SETTINGS_INVALID, GIT_MISSING
 */
export function openGitSource(options: GitSourceOptions): GitSourcePort {
  const address = parseGitAddress(options.url)
  checkReference(options.reference)
  const { log, reference } = options
  const settings: GitSettings = {
    url: address.url,
    shown: address.shown,
    reference: { kind: reference.kind, name: reference.name },
    storeDirectory: options.storeDirectory,
    timeoutMs: options.timeoutMs ?? 60_000,
    tokenFile: options.tokenFile,
    usernameFile: options.usernameFile,
    passwordFile: options.passwordFile,
    caFile: options.caFile,
    knownHostsFile: options.knownHostsFile,
    sshKeyFile: options.sshKeyFile,
  }
  const onRenewed = (why: Renewal): void => reportRenewal(why, address.shown, log)
  const engine: GitEngine =
    address.kind === 'http'
      ? createWorkerEngine(settings, { workerPath: options.workerPath, idleMs: options.idleMs ?? 60_000 }, onRenewed)
      : createCommandLineEngine(settings, onRenewed)
  return sourceOver(engine, settings, log)
}

function sourceOver(engine: GitEngine, settings: GitSettings, log: LogPort): GitSourcePort {
  const turns = createTurns()
  const { reference, shown } = settings
  const description = `${shown} ${reference.kind === 'branch' ? reference.name : `${reference.kind} ${reference.name}`}`

  return {
    description,
    async fetch(signal) {
      const head = await turns.take(() => engine.fetch(signal), signal)
      const { commit, author, subject, committedAt, rewritten } = head
      if (rewritten) log.warn({ repository: shown, reference: reference.name, commit }, 'history was rewritten')
      return {
        name: revisionName(reference.kind === 'commit' ? undefined : reference.name, commit),
        commit,
        author,
        subject,
        committedAt,
      }
    },
    reader(commit): RepositoryReader {
      checkReference({ kind: 'commit', name: commit })
      return {
        async readDirectory(directory, signal) {
          checkTreePath(directory)
          return turns.take(() => engine.readDirectory(commit, directory, signal), signal)
        },
      }
    },
    async publishBranch(branch: NewBranch, signal) {
      checkReferenceName(branch.branch)
      for (const file of branch.files) checkPublishedPath(file.path)
      return turns.take(() => engine.publishBranch(branch, signal), signal)
    },
    close: () => engine.close(),
  }
}

function reportRenewal(why: Renewal, repository: string, log: LogPort): void {
  if (why === 'damaged') log.warn({ repository }, 'local copy of the repository was damaged and made anew')
  else log.debug({ repository, why }, 'local copy of the repository was made')
}
