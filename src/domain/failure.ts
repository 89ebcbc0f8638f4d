/**
 * When trying again makes sense: `soon` with back-off, `when-changed` once the repository or the settings changed,
 * `never` in this process.
 */
export type Retry = 'soon' | 'when-changed' | 'never'

export interface FailureDetail {
  /** Stable, in capitals: `GIT_UNREACHABLE`. */
  readonly code: string
  /** The file, URL (without credentials), node or object that it happened at. */
  readonly where: string
  /** The reader's next step. */
  readonly fix: string
  readonly retry: Retry
}

/** What an adapter throws when git, disk, kernel or API refused. The library's own error stays in `cause`. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly detail: FailureDetail

  constructor(message: string, detail: FailureDetail, options?: ErrorOptions) {
    super(message, options)
    this.detail = detail
  }
}
