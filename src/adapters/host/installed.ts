import type { HostReading } from '../../domain/host.ts'
import { commandDirectories, type RunCommand } from './host-command.ts'
import type { RootFiles } from './root-files.ts'

const binaries: readonly string[] = ['/usr/local/bin/k3s', '/usr/bin/k3s', '/opt/bin/k3s']

/** Commands that rules ask about. */
const commands: readonly string[] = [
  'conntrack',
  'ethtool',
  'ip',
  'ipset',
  'iptables',
  'nft',
  'swanctl',
  'tailscale',
  'wg',
]

export function findCommands(files: RootFiles): readonly string[] {
  return commands.filter((name) =>
    commandDirectories.some((directory) => files.modifiedAtMs(`${directory}/${name}`) !== undefined),
  )
}

export function findBinary(files: RootFiles): HostReading['installedBinary'] {
  for (const path of binaries) {
    const modifiedAtMs = files.modifiedAtMs(path)
    if (modifiedAtMs !== undefined) return { path, modifiedAtMs }
  }
  return undefined
}

/** `k3s version v1.33.4+k3s1 (148243c4)` and lines of other things below it. */
export async function askVersion(run: RunCommand, binary: string, signal: AbortSignal): Promise<string | undefined> {
  return parseK3sVersionOutput(await run(binary, ['--version'], signal))
}

export function parseK3sVersionOutput(text: string | undefined): string | undefined {
  return /^k3s version (v\S+)/m.exec(text ?? '')?.[1]
}
