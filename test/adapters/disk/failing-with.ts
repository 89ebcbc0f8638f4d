import { Failure } from '../../../src/domain/failure.ts'

/** The code of the Failure that a piece of work ends with; `none` when it does not fail, any other error is thrown on. */
export async function failureCode(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'none'
  } catch (cause) {
    if (cause instanceof Failure) return cause.detail.code
    throw cause
  }
}
