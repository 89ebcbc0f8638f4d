import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LogPort } from '../../ports/log-port.ts'
import { type GitProcess, startGit } from './git-process.ts'
import { type BodyProblem, feedBody } from './request-body.ts'
import { packetLine, type Service } from './smart-http.ts'

export interface ServiceCall {
  readonly service: Service
  /** `version=1` or `version=2`. */
  readonly protocol?: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly directory: string
  readonly maxPushBytes: number
  readonly log: LogPort
}

/** Lines of wants and haves; the largest repositories send some hundred kilobytes. */
const maxFetchRequestBytes = 8 * 1024 * 1024
/** The commands before the pack. Git itself refuses a pack above `receive.maxInputSize`, and says so. */
const commandBytes = 1024 * 1024

/** Answers with the references. @throws Failure GIT_MISSING; Error when git refused */
export async function advertiseReferences(call: ServiceCall): Promise<void> {
  const git = startService(call, ['--advertise-refs'])
  git.child.stdin.end()
  const output: Buffer[] = []
  git.child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  const { exit, stderr } = await git.ended
  if (exit !== 0) throw new Error(`git ${call.service} ended with ${exit}: ${stderr}`)
  // Protocol 2 starts with the capabilities; the older ones want to hear which service speaks.
  const banner = call.protocol === 'version=2' ? '' : `${packetLine(`# service=git-${call.service}\n`)}0000`
  startAnswer(call, 'advertisement')
  call.response.end(Buffer.concat([Buffer.from(banner), ...output]))
}

/**
 * Carries one fetch or push between client and git.
 * @returns whether git ended well
 * @throws Failure GIT_MISSING
 */
export async function exchangePacks(call: ServiceCall, gzip: boolean): Promise<boolean> {
  const { request, response, service } = call
  const git = startService(call, [])
  let problem: BodyProblem | undefined
  const maxBytes = service === 'receive-pack' ? call.maxPushBytes + commandBytes : maxFetchRequestBytes
  feedBody(request, git.child.stdin, { gzip, maxBytes }, (found) => {
    problem = found
    git.stop()
  })
  const { stdout } = git.child
  stdout.on('data', (chunk: Buffer) => {
    if (response.destroyed) return
    if (!response.headersSent) startAnswer(call, 'result')
    if (response.write(chunk)) return
    stdout.pause()
    response.once('drain', () => stdout.resume())
  })
  response.once('close', () => stdout.resume())

  const { exit, stderr } = await git.ended
  if (problem !== undefined && !response.headersSent) refuse(response, problem.status, problem.message)
  else if (exit !== 0 && !response.headersSent) refuse(response, 500, `git ${service} failed`)
  else if (!response.headersSent) startAnswer(call, 'result')
  if (exit !== 0) call.log.warn({ service, exit, stderr }, 'git service ended with an error')
  response.end()
  return exit === 0
}

export function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${message}\n`)
}

function startService(call: ServiceCall, extra: readonly string[]): GitProcess {
  const settings = [
    `safe.directory=${call.directory}`,
    'core.hooksPath=/dev/null',
    'gc.auto=0',
    'receive.autogc=false',
    'receive.fsckObjects=true',
    'receive.unpackLimit=1',
    `receive.maxInputSize=${call.maxPushBytes}`,
  ]
  const args = [...settings.flatMap((setting) => ['-c', setting]), call.service, '--stateless-rpc', ...extra]
  const environment = call.protocol === undefined ? {} : { GIT_PROTOCOL: call.protocol }
  const git = startGit([...args, call.directory], call.directory, environment)
  call.response.once('close', git.stop)
  return git
}

function startAnswer(call: ServiceCall, kind: 'advertisement' | 'result'): void {
  call.response.writeHead(200, {
    'Content-Type': `application/x-git-${call.service}-${kind}`,
    'Cache-Control': 'no-cache, no-store, max-age=0',
  })
}
