import type { NewBranch, RepositoryFile } from '../../ports/repository-port.ts'

/** The followed reference as the server has it now. */
export interface FetchedHead {
  readonly commit: string
  readonly author: string
  readonly subject: string
  readonly committedAt: string
  /** The head seen before is no ancestor of this one. */
  readonly rewritten: boolean
}

/** What is asked of the server (an annotated tag is an object of its own) and the commit behind it. */
export interface WantedHead {
  readonly want: string
  readonly commit: string
}

/** Why the local copy was made anew. */
export type Renewal = 'first' | 'damaged' | 'many-packs'

/** One repository, spoken to by one technology. Each operation either completes or leaves the store as it was. */
export interface GitEngine {
  fetch(signal: AbortSignal): Promise<FetchedHead>
  readDirectory(commit: string, directory: string, signal: AbortSignal): Promise<readonly RepositoryFile[]>
  publishBranch(branch: NewBranch, signal: AbortSignal): Promise<boolean>
  close(): Promise<void>
}

/** Where the repository is, what of it is followed, and the files that hold what opens it; never their contents. */
export interface GitSettings {
  readonly url: string
  readonly shown: string
  readonly reference: { readonly kind: 'branch' | 'tag' | 'commit'; readonly name: string }
  readonly storeDirectory: string
  readonly timeoutMs: number
  readonly tokenFile?: string | undefined
  readonly usernameFile?: string | undefined
  readonly passwordFile?: string | undefined
  readonly caFile?: string | undefined
  readonly knownHostsFile?: string | undefined
  readonly sshKeyFile?: string | undefined
}
