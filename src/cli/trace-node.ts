import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { openCommands } from '../adapters/command/node-command.ts'
import { openHostRoutes } from '../adapters/iproute/iproute-routes.ts'
import { openIptables } from '../adapters/iptables/open-iptables.ts'
import { openNft } from '../adapters/nft/nft-filter.ts'
import { machineFacts, nodeName, openMachine } from '../agent/this-machine.ts'
import { Failure } from '../domain/failure.ts'
import type { HostRoutes } from '../domain/host-routes.ts'
import type { Problem } from '../domain/problem.ts'
import type { NodeProgram } from '../domain/program.ts'
import { type Result, refusal, success } from '../domain/result.ts'
import type { SavedTables } from '../domain/saved-tables.ts'
import { compileRevision } from '../reconcile/compile-revision.ts'
import { chooseCluster } from '../reconcile/load-desired.ts'
import { parseIptablesSave } from '../text/iptables-save.ts'
import type { CommandCall } from './command.ts'
import { fileFailure } from './file-failure.ts'
import { shortRevision } from './history.ts'
import { openRepository } from './open-repository.ts'
import { terminalLog } from './terminal-log.ts'
import { routesFromAddresses } from './trace-addresses.ts'

/** The program that a trace goes through, and where it is from; without one, only what others loaded counts. */
export interface TracedProgram {
  readonly node: NodeProgram | undefined
  readonly source: string
}

/** That of the checkout or repository that is named, and otherwise the one in force on this machine. */
export async function tracedProgram(call: CommandCall): Promise<Result<TracedProgram, readonly Problem[]>> {
  const { settings, terminal } = call
  const log = terminalLog(terminal, { progress: false })
  if (!namesRepository(call)) {
    const lastGood = await openMachine(settings, terminal, log).state.readLastGood()
    const source =
      lastGood === undefined ? 'no program is in force here' : `in force: ${shortRevision(lastGood.revision.name)}`
    return success({ node: lastGood?.program, source })
  }
  const repository = await openRepository(settings, terminal, log)
  try {
    const directory = await chooseCluster(repository.reader, settings.cluster, terminal.interrupted)
    const facts = machineFacts(settings, terminal)
    const compiled = await compileRevision(repository.reader, directory, facts, terminal.interrupted)
    if (compiled.kind === 'refused') return refusal(compiled.problems)
    const name = nodeName(settings, terminal)
    const node = compiled.nodes.find((one) => one.node === name)
    return success({
      node,
      source: `${node === undefined ? `nothing for ${name}` : 'compiled'}: ${repository.description}`,
    })
  } finally {
    await repository.close()
  }
}

/** The working directory may be anything, so it is a checkout only when somebody says so: `--repo .`, or a cluster of it. */
function namesRepository({ settings, options }: CommandCall): boolean {
  const isAsked = options['repo'] !== undefined || options['cluster'] !== undefined
  return isAsked || settings.repo !== '.' || settings.gitUrl !== undefined
}

export interface TracedNode {
  readonly tables: SavedTables
  readonly hostRoutes: HostRoutes
  readonly notes: readonly string[]
}

/** What others loaded on the node, and its routes: from files, or from the kernel of this machine. */
export async function tracedNode(call: CommandCall, program: NodeProgram | undefined): Promise<TracedNode> {
  const { options, terminal } = call
  const { tables, tables6, addresses } = options
  if (typeof addresses === 'string') {
    return {
      tables: {
        v4: await savedTables(tables, terminal.workingDirectory),
        v6: await savedTables(tables6, terminal.workingDirectory),
        sets: new Map(),
      },
      hostRoutes: routesFromAddresses(addresses),
      notes: ['members of sets, and native nft tables, are not in what iptables-save prints'],
    }
  }
  const commands = openCommands()
  const backend = program?.network?.backend
  const isNative = program?.network?.plane === 'nft'
  const filter = isNative
    ? openNft({ commands })
    : openIptables({ commands, ...(backend === undefined ? {} : { backend }) })
  const routes = await openHostRoutes(commands)
  const [observed, hostRoutes, native] = await Promise.all([
    filter.tables(terminal.interrupted),
    routes.read(terminal.interrupted),
    nativeTables(commands),
  ])
  const note = `native nft tables of others are not part of the trace: ${native.join(', ')}`
  return { tables: observed, hostRoutes, notes: native.length === 0 ? [] : [note] }
}

/** @throws Failure NO_TABLES for a file that iptables-save did not print */
async function savedTables(path: unknown, workingDirectory: string): Promise<SavedTables['v4']> {
  if (typeof path !== 'string') return []
  const file = resolve(workingDirectory, path)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw fileFailure(cause, 'read', file)
  })
  const { tables, incompatible } = parseIptablesSave(text)
  if (tables.length > 0 && incompatible.length === 0) return tables
  const what = incompatible.length > 0 ? `does not hold the tables ${incompatible.join(', ')}` : 'holds no tables'
  throw new Failure(`${file} ${what}`, {
    code: 'NO_TABLES',
    where: file,
    fix: 'write it with iptables-save, or ip6tables-save for --tables6, of the backend that the node uses',
    retry: 'never',
  })
}

/** Tables that no iptables shows, and that are not ours. */
async function nativeTables(commands: ReturnType<typeof openCommands>): Promise<readonly string[]> {
  const nft = await commands.find('nft')
  if (nft === undefined) return []
  const { code, stdout } = await commands.run([nft, 'list', 'tables'])
  const names = code === 0 ? [...stdout.matchAll(/^table (\S+ \S+)$/gm)].map(([, name = '']) => name) : []
  return names.filter((name) => name !== 'inet fairlead' && !/^ip6? (raw|mangle|nat|filter|security)$/.test(name))
}
