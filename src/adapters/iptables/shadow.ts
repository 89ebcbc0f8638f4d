import { Failure } from '../../domain/failure.ts'
import type { AddressSet } from '../../domain/packet-filter.ts'
import type { CommandPort, CommandResult } from '../../ports/command-port.ts'
import type { IptablesPair } from './iptables-tool.ts'

/** A new, empty network namespace for the time of one call: nothing that is tried there reaches a packet. */
export interface Shadow {
  /** Loads `payload` and prints everything that is there then; sets exist, empty. */
  load(pair: IptablesPair, payload: string, sets: readonly AddressSet[], lockFile: string): Promise<CommandResult>
}

/**
 * The whole of the shell text. Programs and names come as arguments, the rules come on its input, so no data is ever
 * read as a command. The sets are made first: a rule that names a missing one is refused.
 */
const script = [
  'restore=$1 save=$2 ipset=$3; shift 3',
  `{ [ $# -eq 0 ] || printf 'create %s hash:net family %s\\n' "$@" | "$ipset" restore || exit 90; }`,
  '"$restore" -w 5 --noflush && exec "$save"',
].join('; ')

export async function openShadow(commands: CommandPort): Promise<Shadow> {
  const [unshare, sh, ipset] = await Promise.all(['unshare', 'sh', 'ipset'].map((name) => commands.find(name)))
  if (unshare === undefined || sh === undefined) throw missing(unshare === undefined ? 'unshare' : 'sh')
  return {
    load: async (pair, payload, sets, lockFile) => {
      if (sets.length > 0 && ipset === undefined) throw missing('ipset')
      const names = sets.flatMap(({ name, family }) => [name, family === 4 ? 'inet' : 'inet6'])
      const result = await commands.run(
        [unshare, '-n', sh, '-c', script, 'sh', pair.restore, pair.save, ipset ?? '', ...names],
        // The lock of the node is one file for all namespaces: the shadow must not wait for it, nor hold it.
        { input: payload, timeoutMs: 60_000, environment: { XTABLES_LOCKFILE: lockFile } },
      )
      if (result.stderr.startsWith('unshare:')) throw noNamespace(result)
      return result
    },
  }
}

function missing(program: string): Failure {
  return new Failure(`${program} is not installed`, {
    code: 'FILTER_UNSUPPORTED',
    where: program,
    fix: `install ${program}`,
    retry: 'soon',
  })
}

function noNamespace(result: CommandResult): Failure {
  return new Failure(`no network namespace can be made to try rules in: ${result.stderr.trim()}`, {
    code: 'FILTER_UNSUPPORTED',
    where: 'unshare -n',
    fix: 'run as root with CAP_SYS_ADMIN',
    retry: 'soon',
  })
}
