import { readdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type ExitCode, exitCode } from '../domain/exit-code.ts'
import { assumedFacts } from '../domain/facts.ts'
import { Failure } from '../domain/failure.ts'
import type { NodeProgram } from '../domain/program.ts'
import { locationOf } from '../k3s/locations.ts'
import { type Compiled, compileRevision } from '../reconcile/compile-revision.ts'
import { chooseCluster } from '../reconcile/load-desired.ts'
import type { Command, CommandCall, Terminal } from './command.ts'
import { fileFailure, makeDirectories } from './file-failure.ts'
import { openRepository } from './open-repository.ts'
import { readCaptureFile } from './preview-inputs.ts'
import { count, reportRefused } from './print-problems.ts'
import { printable, printableText } from './printable.ts'
import { formatStructured, isStructured } from './structured-output.ts'
import { terminalLog } from './terminal-log.ts'

/** The programs that a checkout makes: the same bytes every time. */
export const renderCommand: Command = async (call) => {
  const { options, terminal } = call
  const compiled = await compile(call)
  if (compiled.kind === 'refused') {
    reportRefused(compiled.problems, terminal)
    return exitCode.denied
  }
  const { out, output: format, program } = options
  if (typeof program === 'string') return printProgram(program, compiled, terminal)
  if (typeof out === 'string') {
    const written = await writeTree(resolve(terminal.workingDirectory, out), compiled)
    terminal.err.write(`${count(written, 'file')} written to ${printable(out)}\n`)
    return exitCode.done
  }
  terminal.out.write(
    isStructured(format) ? formatStructured(programList(compiled), format) : formatSections(compiled.nodes, terminal),
  )
  return exitCode.done
}

/** One line: its digest is over these bytes. */
function printProgram(name: string, { nodes }: CompiledPrograms, { out, err }: Terminal): ExitCode {
  const program = nodes.find(({ node }) => node === name)
  if (program === undefined) {
    err.write(`fairlead: there is no node ${printable(JSON.stringify(name))} in this cluster\n`)
    err.write(
      `  fix  it has ${nodes.map(({ node }) => printable(node)).join(', ')}; spec.nodes or a capture names others\n`,
    )
    return exitCode.failed
  }
  out.write(`${JSON.stringify(program)}\n`)
  return exitCode.done
}

type CompiledPrograms = Compiled & { readonly kind: 'compiled' }

async function compile(call: CommandCall): Promise<Compiled> {
  const { settings, options, terminal } = call
  const { capture: file } = options
  const read = typeof file === 'string' ? await readCaptureFile(call, file) : undefined
  if (read?.ok === false) return { kind: 'refused', problems: read.error }
  const capture = read?.value
  const repository = await openRepository(settings, terminal, terminalLog(terminal, { progress: false }))
  try {
    const name = settings.cluster ?? capture?.metadata.name
    const directory = await chooseCluster(repository.reader, name, terminal.interrupted)
    return await compileRevision(repository.reader, directory, capture?.facts ?? assumedFacts, terminal.interrupted)
  } finally {
    await repository.close()
  }
}

function programList({ nodes, cluster }: CompiledPrograms): object {
  return { apiVersion: 'fairlead.dev/v1alpha1', kind: 'ProgramList', cluster, nodes }
}

function formatSections(nodes: readonly NodeProgram[], { isTerminal }: Pick<Terminal, 'isTerminal'>): string {
  const sections = nodes.flatMap((program) =>
    program.files.map((file) => {
      const text = isTerminal ? printableText(file.text) : file.text
      return `--- ${printable(join(program.node, file.path))}\n${text.endsWith('\n') ? text : `${text}\n`}`
    }),
  )
  return sections.join('')
}

/**
 * One directory a node with the paths below it, and the ClusterProgram beside them.
 * @throws Failure DIRECTORY_NOT_EMPTY: files of an earlier rendering would look as if they belonged to this one
 */
async function writeTree(directory: string, { nodes, cluster }: CompiledPrograms): Promise<number> {
  const files = nodes.flatMap((program) =>
    program.files.map((file) => {
      if (locationOf(file.path) === undefined) throw new Error(`a program names ${file.path}`)
      return { path: join(directory, program.node, file.path), text: file.text }
    }),
  )
  files.push({ path: join(directory, 'cluster-program.json'), text: formatStructured(cluster, 'json') })
  await refuseFilled(directory)
  for (const { path, text } of files) {
    await makeDirectories(dirname(path))
    try {
      await writeFile(path, text, { flag: 'wx' })
    } catch (cause) {
      throw fileFailure(cause, 'write', path)
    }
  }
  return files.length
}

async function refuseFilled(directory: string): Promise<void> {
  const entries = await readdir(directory).catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw fileFailure(cause, 'write', directory)
  })
  if (entries.length === 0) return
  throw new Failure(`${directory} is not empty`, {
    code: 'DIRECTORY_NOT_EMPTY',
    where: directory,
    fix: 'name a new or an empty directory with --out',
    retry: 'never',
  })
}
