import { Failure, type FailureDetail, type Retry } from '../../domain/failure.ts'
import { printable } from './control-characters.ts'

interface Entry {
  readonly message: string
  readonly fix: string
  readonly retry: Retry
}

const catalogue = {
  GIT_UNREACHABLE: {
    message: 'the Git server cannot be reached',
    fix: 'check the address, DNS, the network and, behind a proxy, HTTPS_PROXY',
    retry: 'soon',
  },
  GIT_SERVER_ERROR: {
    message: 'the Git server answered with an error',
    fix: 'look at the server: it could be reached, but did not serve the repository',
    retry: 'soon',
  },
  GIT_TIMEOUT: {
    message: 'the Git server did not finish in time',
    fix: 'check the server and the network; a large repository may need a longer time-out',
    retry: 'soon',
  },
  GIT_AUTH: {
    message: 'the Git server did not accept the credentials',
    fix: 'check the token, password or key file, and that it may read this repository',
    retry: 'soon',
  },
  GIT_NOT_FOUND: {
    message: 'there is no such repository',
    fix: 'check the URL; many servers also say so when the credentials may not see it',
    retry: 'soon',
  },
  GIT_BRANCH_MISSING: {
    message: 'the repository has no such branch or tag',
    fix: 'push it, or follow another one; the last good revision stays enforced',
    retry: 'soon',
  },
  GIT_REFERENCE_INVALID: {
    message: 'this cannot be the name of a revision',
    fix: 'name a branch (main), a tag (v1.2) or a full commit of 40 hexadecimal digits',
    retry: 'never',
  },
  GIT_COMMIT_MISSING: {
    message: 'the repository has no such commit, or does not hand it out',
    fix: 'check the commit; after a rewritten history, follow a branch or the new commit',
    retry: 'when-changed',
  },
  GIT_EMPTY_REPOSITORY: {
    message: 'the repository is empty',
    fix: 'push a first commit',
    retry: 'soon',
  },
  GIT_PACK_DAMAGED: {
    message: 'what the Git server sent arrived damaged and was thrown away',
    fix: 'nothing, if it passes; otherwise run git fsck on the server, and look at proxies in between',
    retry: 'soon',
  },
  GIT_PACK_TOO_LARGE: {
    message: 'the repository is too large to be read',
    fix: 'keep large files out of it; the limits are 256 MiB of download and 1.5 GiB of memory to unpack it',
    retry: 'when-changed',
  },
  GIT_TLS: {
    message: 'the certificate of the Git server is not trusted',
    fix: 'name the authority that signed it in the CA file, or mend the certificate',
    retry: 'soon',
  },
  GIT_HOST_KEY: {
    message: 'the host key of the Git server is not known',
    fix: 'add it to the known_hosts file, after comparing it with what the server publishes',
    retry: 'soon',
  },
  GIT_SHA256_UNSUPPORTED: {
    message: 'repositories in the SHA-256 format are not read',
    fix: 'use a repository in the usual format (git init --object-format=sha1)',
    retry: 'never',
  },
  GIT_LFS_POINTER: {
    message: 'a file is kept in Git LFS, so the repository holds only a pointer to it',
    fix: 'store it in the repository itself (git lfs migrate export)',
    retry: 'when-changed',
  },
  GIT_STORE_DAMAGED: {
    message: 'the local copy of the repository is damaged and could not be made anew',
    fix: 'check the disk; the copy can be deleted, it is fetched again',
    retry: 'soon',
  },
  GIT_WORKER_DIED: {
    message: 'the process that reads the repository ended unexpectedly',
    fix: 'nothing, if it passes; otherwise check the memory of the machine and report a bug',
    retry: 'soon',
  },
  GIT_PUSH_REFUSED: {
    message: 'the Git server refused the new branch',
    fix: 'give the credentials the right to push, or take the change over by hand',
    retry: 'when-changed',
  },
  GIT_PATH_REFUSED: {
    message: 'a file cannot be added to the repository under this path',
    fix: 'use a relative path without "..", ".git" or control characters, through directories only',
    retry: 'never',
  },
  GIT_CREDENTIALS_UNREADABLE: {
    message: 'a file with credentials or certificates cannot be read',
    fix: 'check that the file exists, is not empty and may be read by this process',
    retry: 'soon',
  },
  GIT_SETTINGS_INVALID: {
    message: 'a path in the settings for ssh cannot be used',
    fix: 'use an absolute path of letters, digits and . _ - / + @',
    retry: 'never',
  },
  GIT_MISSING: {
    message: 'git is not installed, and ssh:// and local repositories need it',
    fix: 'install git 2.28 or newer, or use an https:// URL',
    retry: 'when-changed',
  },
  TREE_TOO_LARGE: {
    message: 'the directory holds more than 10,000 files or 64 MiB',
    fix: 'name a smaller directory, and keep other things out of it',
    retry: 'when-changed',
  },
} as const satisfies Readonly<Record<string, Entry>>

export type GitFailureCode = keyof typeof catalogue

/**
 * @param where URL without credentials, file, or reference
 * @param note what the server or the system said; must hold no secret
 */
export function gitFailure(code: GitFailureCode, where: string, note?: string, cause?: unknown): Failure {
  const { message, fix, retry } = catalogue[code]
  const text = note === undefined || note === '' ? message : `${message}: ${printable(note)}`
  return new Failure(text, { code, where, fix, retry }, cause === undefined ? undefined : { cause })
}

/** A failure as it crosses from the worker to its parent; `cause` is only its text. */
export interface FailureMessage {
  readonly message: string
  readonly detail: FailureDetail
  readonly cause?: string
}

export function packFailure(failure: Failure): FailureMessage {
  const { message, detail, cause } = failure
  return { message, detail, ...(cause instanceof Error ? { cause: cause.message } : {}) }
}

export function unpackFailure({ message, detail, cause }: FailureMessage): Failure {
  return new Failure(message, detail, cause === undefined ? undefined : { cause: new Error(cause) })
}
