/**
 * Entry of the child process that holds isomorphic-git: reading a repository blocks its event loop for up to a second and
 * takes memory that only the end of a process gives back. It ends with its parent, or when the parent lets go of it.
 */
import { Failure } from '../../domain/failure.ts'
import { gitFailure, packFailure } from './git-failures.ts'
import { createIsomorphicEngine, type IsomorphicEngine } from './isomorphic-engine.ts'
import type { Request, Response } from './worker-protocol.ts'

const engines = new Map<string, IsomorphicEngine>()
let answering: Request | undefined

process.on('message', (request: Request) => {
  void answer(request)
})
process.on('disconnect', () => process.exit(0))
// The library parses an answer in promises that nobody awaits; nothing after that can be trusted, so tell and end.
process.on('unhandledRejection', (cause) => {
  if (answering === undefined) process.exit(1)
  const failure = cause instanceof Failure ? cause : gitFailure('GIT_PACK_DAMAGED', answering.settings.shown, '', cause)
  send({ id: answering.id, failure: packFailure(failure) }, () => process.exit(1))
})

async function answer(request: Request): Promise<void> {
  answering = request
  const key = JSON.stringify(request.settings)
  const engine = engines.get(key) ?? createIsomorphicEngine(request.settings)
  engines.set(key, engine)
  try {
    send({ id: request.id, outcome: await engine.run(request.operation) })
  } catch (cause) {
    const failure = cause instanceof Failure ? cause : gitFailure('GIT_WORKER_DIED', request.settings.shown, '', cause)
    send({ id: request.id, failure: packFailure(failure) })
  } finally {
    answering = undefined
  }
}

function send(response: Response, sent: () => void = () => undefined): void {
  // A parent that is gone reads nothing; the disconnect ends this process.
  process.send?.(response, undefined, undefined, sent)
}
