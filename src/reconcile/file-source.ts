import { Failure } from '../domain/failure.ts'
import type { Problem } from '../domain/problem.ts'
import type { Revision } from '../domain/revision.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { ProgramFilePort } from '../ports/program-file-port.ts'
import { parseNodeProgram } from '../schema/program/node-program.ts'
import { sha256Hex } from '../text/digest.ts'
import type { ProgramSource } from './program-source.ts'
import type { SourceState } from './source-state.ts'

/** A NodeProgram in a file, as an agent takes it. It is checked from end to end before anything of it is believed. */
export function fileSource(node: string, file: ProgramFilePort, log: LogPort): ProgramSource {
  let endWatch: (() => Promise<void>) | undefined
  return {
    description: file.description,
    read: async (known, anew) => {
      const found = await file.read()
      // A file that is gone says nothing; what was in force stays so. One that never was is what somebody forgot.
      if (found === undefined && known.kind === 'unread') throw missing(file.description, node)
      if (found === undefined) return undefined
      const revision = revisionOf(found.text)
      if (known.kind !== 'unread' && known.revision.name === revision.name && !anew) return undefined
      const state = stateOf(found.text, revision, node, file.description)
      if (state.kind === 'refused') {
        log.warn({ file: file.description, problems: state.problems.map(({ what }) => what) }, 'program refused')
      } else if (state.kind === 'compiled') {
        log.info({ file: file.description, program: state.candidate.program.digest }, 'program read')
      }
      return state
    },
    start: async (onHint) => {
      endWatch = await file.watch(onHint)
    },
    close: async () => await endWatch?.(),
  }
}

function missing(file: string, node: string): Failure {
  return new Failure(`there is no ${file}`, {
    code: 'PROGRAM_FILE_MISSING',
    where: file,
    fix: `write it with fairlead render --program ${node}; it is read as soon as it is there`,
    retry: 'soon',
  })
}

function stateOf(text: string, revision: Revision, node: string, description: string): SourceState {
  const parsed = parseNodeProgram(text)
  if (!parsed.ok)
    return { kind: 'refused', revision, problems: parsed.error.map((what) => problemOf(what, description)) }
  const program = parsed.value
  if (program.node !== node) {
    const what = `it is the program of node ${JSON.stringify(program.node)}, and this is ${JSON.stringify(node)}`
    return { kind: 'refused', revision, problems: [problemOf(what, description)] }
  }
  return { kind: 'compiled', revision, candidate: { program, revision }, problems: [] }
}

/** A file has no commit: its own digest tells one from another. */
function revisionOf(text: string): Revision {
  const digest = sha256Hex(text)
  return { name: `file@sha256:${digest}`, commit: digest, author: '', subject: '', committedAt: '' }
}

function problemOf(what: string, file: string): Problem {
  return {
    code: 'PROGRAM_REFUSED',
    severity: 'error',
    place: { file, line: 1, column: 1 },
    what,
    why: 'an agent carries out only programs that are whole, checked and meant for its node',
    fix: 'write the file anew from what the controller, or fairlead render --program, gives',
  }
}
