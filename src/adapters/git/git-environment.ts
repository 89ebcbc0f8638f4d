import { gitFailure } from './git-failures.ts'

export interface SshFiles {
  readonly knownHostsFile?: string | undefined
  readonly sshKeyFile?: string | undefined
}

/**
 * The whole environment of a git command: nothing of ours, no configuration of the machine or the user, no questions.
 *
 * @param protocols that git may speak; none keeps it from the network altogether
 * @param configFile read in place of the user's configuration
 */
export function gitEnvironment(options: {
  readonly protocols: readonly string[]
  readonly ssh?: SshFiles
  readonly configFile?: string
  /** Git refuses repositories of other users unless told; only for commands that run nothing found in there. */
  readonly readsAnyOwner?: boolean
}): NodeJS.ProcessEnv {
  const settings = Object.entries({
    'core.hooksPath': '/dev/null',
    'gc.auto': '0',
    'maintenance.auto': 'false',
    'protocol.version': '2',
    // One pack a fetch, also for a few objects: their number tells when a new copy is due.
    'fetch.unpackLimit': '1',
    ...(options.readsAnyOwner === true ? { 'safe.directory': '*' } : {}),
  })
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: options.configFile ?? '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_ALLOW_PROTOCOL: options.protocols.join(':'),
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_SSH_VARIANT: 'ssh',
    GIT_SSH_COMMAND: sshCommand(options.ssh ?? {}),
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  }
}

/**
 * What git runs for ssh. Git hands this text to a shell, so it is fixed, but for two paths of characters that mean
 * nothing to any shell.
 * @throws Failure GIT_SETTINGS_INVALID
 */
export function sshCommand({ knownHostsFile, sshKeyFile }: SshFiles): string {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    'ConnectTimeout=15',
    'ServerAliveInterval=15',
    'ServerAliveCountMax=3',
    'ForwardAgent=no',
    'ClearAllForwardings=yes',
    'PermitLocalCommand=no',
    'ControlMaster=no',
    'ControlPath=none',
  ]
  if (knownHostsFile !== undefined) {
    options.push(`UserKnownHostsFile=${plainPath(knownHostsFile)}`, 'GlobalKnownHostsFile=/dev/null')
  }
  if (sshKeyFile !== undefined) {
    options.push(`IdentityFile=${plainPath(sshKeyFile)}`, 'IdentitiesOnly=yes', 'IdentityAgent=none')
  }
  return ['ssh', '-F', '/dev/null', ...options.flatMap((option) => ['-o', option])].join(' ')
}

function plainPath(path: string): string {
  if (!/^\/[A-Za-z0-9._\-/+@]+$/.test(path)) throw gitFailure('GIT_SETTINGS_INVALID', JSON.stringify(path))
  return path
}
