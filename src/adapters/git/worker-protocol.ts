import type { NewBranch, RepositoryFile } from '../../ports/repository-port.ts'
import type { FetchedHead, GitSettings, Renewal, WantedHead } from './git-engine.ts'
import type { FailureMessage } from './git-failures.ts'

/** What the parent asks of the worker, one at a time. Credentials are named by file and never sent. */
export type Operation =
  | { readonly kind: 'fetch'; readonly head: WantedHead }
  | { readonly kind: 'read'; readonly commit: string; readonly directory: string }
  | { readonly kind: 'publish'; readonly branch: NewBranch; readonly parent: string }

export interface Request {
  readonly id: number
  readonly settings: GitSettings
  readonly operation: Operation
}

export type Outcome = { readonly renewed?: Renewal } & (
  | { readonly kind: 'fetch'; readonly head: FetchedHead }
  | { readonly kind: 'read'; readonly files: readonly RepositoryFile[] }
  | { readonly kind: 'publish'; readonly isNew: boolean }
)

export type Response =
  | { readonly id: number; readonly outcome: Outcome }
  | { readonly id: number; readonly failure: FailureMessage }
