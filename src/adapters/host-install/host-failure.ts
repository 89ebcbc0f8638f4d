import { Failure, type FailureDetail } from '../../domain/failure.ts'

/** What stands in the way of the agent of a host. */
export function hostFailure(
  code: string,
  message: string,
  where: string,
  fix: string,
  { retry = 'soon', cause }: { readonly retry?: FailureDetail['retry']; readonly cause?: unknown } = {},
): Failure {
  return new Failure(message, { code, where, fix, retry }, { cause })
}
