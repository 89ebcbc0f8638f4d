import { readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { openNodeState } from '../adapters/disk/node-state.ts'
import { openHostReader } from '../adapters/host/host-reader.ts'
import { fileId } from '../domain/artefact.ts'
import { exitCode } from '../domain/exit-code.ts'
import { assumedFacts } from '../domain/facts.ts'
import { Failure } from '../domain/failure.ts'
import type { HostReading } from '../domain/host.ts'
import { hasErrors, type Problem } from '../domain/problem.ts'
import type { ImportedMachine } from '../import/import-input.ts'
import { fairleadPaths } from '../k3s/locations.ts'
import { compileRevision } from '../reconcile/compile-revision.ts'
import { cloudInitMachine } from '../reconcile/import-cloud-init.ts'
import { type Imported, type ImportedHost, importMachines } from '../reconcile/import-machine.ts'
import { importedRepository } from '../reconcile/imported-repository.ts'
import { machinePlaces } from '../reconcile/machine-places.ts'
import type { Command, CommandCall, Terminal } from './command.ts'
import { fileFailure, makeDirectories } from './file-failure.ts'
import { readCaptureFile } from './preview-inputs.ts'
import { count, formatProblems, reportRefused } from './print-problems.ts'
import { printable, printableText } from './printable.ts'
import { readCluster } from './read-cluster.ts'
import { terminalLog } from './terminal-log.ts'

/** Writes the cluster directory of a cluster that there is, and says what could not be expressed. */
export const importCommand: Command = async (call) => {
  const { words, options, settings, terminal } = call
  const roots = listOf(options['host-root'])
  const { capture: captureFile, 'cloud-init': cloudFile } = options
  if (roots.length === 0 && settings.kubeconfig === undefined && !isFile(captureFile) && !isFile(cloudFile)) {
    terminal.err.write('fairlead: import from what? Name --host-root, --kubeconfig, --capture or --cloud-init\n')
    return exitCode.badUsage
  }
  const capture = isFile(captureFile) ? await readCaptureFile(call, captureFile) : undefined
  if (capture?.ok === false) {
    reportRefused(capture.error, terminal, 'the capture')
    return exitCode.denied
  }
  const name = textOf(options['name']) ?? capture?.value.metadata.name ?? 'home'
  const cluster = await readCluster(call)
  const k3sVersion = textOf(options['k3s-version'])
  const imported = importMachines({
    name,
    hosts: await readHosts(call, roots),
    machines: isFile(cloudFile) ? [await readCloudInit(call, cloudFile)] : [],
    ...(cluster === undefined ? {} : { cluster }),
    ...(capture === undefined ? {} : { capture: capture.value }),
    ...(k3sVersion === undefined ? {} : { k3sVersion }),
  })
  const directory = join(resolve(terminal.workingDirectory, words[0] ?? '.'), 'clusters', name)
  await refuseFilled(directory)
  const facts = cluster?.facts ?? capture?.value.facts ?? assumedFacts
  const repository = importedRepository(name, imported)
  const compiled = await compileRevision(repository, `clusters/${name}`, facts, terminal.interrupted)
  if (options['dry-run'] === true) printFiles(name, imported, terminal)
  else await writeFiles(directory, imported)
  report(imported, directory, options['dry-run'] === true, call)
  reportErrors(compiled.problems, terminal)
  for (const part of cluster?.unread ?? []) {
    terminal.err.write(`not read  ${printable(part.path)}: ${printable(part.code)}\n`)
  }
  const isIll = hasErrors(compiled.problems)
  terminal.err.write(`\nNext:\n  ${isIll ? mendStep(call, name) : nextStep(call, roots, imported, name)}\n`)
  return isIll ? exitCode.denied : exitCode.done
}

async function readHosts({ settings, terminal }: CommandCall, roots: readonly string[]): Promise<ImportedHost[]> {
  const names = listOf(settings.node)
  const hosts: ImportedHost[] = []
  for (const [index, root] of roots.entries()) {
    const where = resolve(terminal.workingDirectory, root)
    const read = await openHostReader({ root: where, findPlaces: machinePlaces }).read(terminal.interrupted)
    const reading = await withoutDecrypted(read, where, terminal)
    const name = names[index]
    hosts.push({ where, reading, ...(name === undefined ? {} : { name }) })
  }
  return hosts
}

/**
 * What Fairlead itself decrypted on the machine stands in its repository already, encrypted.
 * @throws Failure STATE_DAMAGED: nobody knows then which files these are
 */
async function withoutDecrypted(reading: HostReading, root: string, terminal: Terminal): Promise<HostReading> {
  const stateDirectory = `${root === '/' ? '' : root}${fairleadPaths.state}`
  const { entries } = await openNodeState({
    stateDirectory,
    log: terminalLog(terminal, { progress: false }),
  }).peekInventory()
  const files = [...reading.files].filter(([path]) => entries.get(fileId(path))?.holdsSecret !== true)
  return { ...reading, files: new Map(files) }
}

async function readCloudInit({ settings, terminal }: CommandCall, file: string): Promise<ImportedMachine> {
  const path = resolve(terminal.workingDirectory, file)
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw fileFailure(cause, 'read', path)
  })
  const name = settings.node ?? basename(file).toLowerCase().replace(/\..*$/, '')
  const machine = cloudInitMachine(name, file, text)
  if (machine !== undefined) return machine
  throw new Failure(`${path} is no cloud-init file`, {
    code: 'CLOUD_INIT_UNKNOWN',
    where: path,
    fix: 'name a file that begins with #cloud-config',
    retry: 'never',
  })
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
    fix: 'choose another cluster with --name, or another directory',
    retry: 'never',
  })
}

async function writeFiles(directory: string, { files }: Imported): Promise<void> {
  for (const { path, text } of files) {
    const destination = join(directory, path)
    await makeDirectories(dirname(destination))
    await writeFile(destination, text, { flag: 'wx' }).catch((cause: unknown) => {
      throw fileFailure(cause, 'write', destination)
    })
  }
}

function printFiles(name: string, { files }: Imported, { out, isTerminal }: Terminal): void {
  for (const { path, text } of files) {
    const shown = isTerminal ? printableText(text) : text
    out.write(`--- clusters/${name}/${path}\n${shown}${shown === '' || shown.endsWith('\n') ? '' : '\n'}`)
  }
}

function report({ files, notes, k3sVersion }: Imported, directory: string, isDry: boolean, call: CommandCall): void {
  const { err, out, workingDirectory } = call.terminal
  const below = relative(workingDirectory, directory)
  const where = printable(below.startsWith('..') ? directory : below)
  if (!isDry) {
    out.write(`${count(files.length, 'file')} written to ${where} for K3s ${k3sVersion}\n`)
    for (const { path } of files) out.write(`  ${path}\n`)
  }
  if (notes.length === 0) return
  const told = isDry ? err : out
  told.write(`\nFound, and not in ${isDry ? 'them' : 'these files'}:\n`)
  for (const { what, why } of notes) told.write(`  ${printable(what)}\n    ${printable(why)}\n`)
}

/** What is wrong with the cluster itself keeps a plan from being made, and is mended in the files. */
function reportErrors(problems: readonly Problem[], { err, colour }: Terminal): void {
  if (!hasErrors(problems)) return
  const errors = problems.filter(({ severity }) => severity === 'error')
  err.write(`\n${formatProblems(errors, colour)}\n`)
  err.write(`fairlead: ${count(errors.length, 'error')} that the cluster has itself; mend them before a plan is made\n`)
}

/** A plan would end with the same errors. */
function mendStep(call: CommandCall, name: string): string {
  return `fairlead lint${repoOption(call)} --cluster ${name}    what is still wrong, while you mend it`
}

function repoOption({ words: [directory] }: CommandCall): string {
  return directory === undefined ? '' : ` --repo ${printable(directory)}`
}

function nextStep(call: CommandCall, roots: readonly string[], imported: Imported, name: string): string {
  const { options } = call
  const repo = repoOption(call)
  const [machine] = imported.machines
  const [root] = roots
  const role = machine?.role === 'agent' ? ' --role agent' : ''
  const against =
    root !== undefined && machine !== undefined
      ? ` --root ${printable(root)} --node ${machine.name}${role}`
      : isFile(options['capture'])
        ? ` --capture ${printable(options['capture'])}`
        : undefined
  return against === undefined
    ? `fairlead render${repo} --cluster ${name}    what it makes of every node`
    : `fairlead plan${repo} --cluster ${name}${against}    what would change: nothing but what is told above`
}

function listOf(option: string | boolean | undefined): readonly string[] {
  return typeof option === 'string' ? option.split(',').filter((item) => item !== '') : []
}

function textOf(option: string | boolean | undefined): string | undefined {
  return typeof option === 'string' && option !== '' ? option : undefined
}

function isFile(option: string | boolean | undefined): option is string {
  return textOf(option) !== undefined
}
