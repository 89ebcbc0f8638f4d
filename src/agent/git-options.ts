import type { GitSourceOptions } from '../adapters/git/git-source.ts'
import { Failure } from '../domain/failure.ts'
import type { LogPort } from '../ports/log-port.ts'
import type { Settings } from '../settings.ts'

/** How long the Git process stays after its last use; `run` is small without it. */
const idleMs = 60_000

/**
 * @param embeddedUrl the demo's own repository, which no setting names
 * @throws Failure SETTING_INVALID when no repository, or more than one reference, is named
 */
export function gitOptions(
  settings: Settings,
  embeddedUrl: string | undefined,
  stateDirectory: string,
  log: LogPort,
): GitSourceOptions {
  const url = embeddedUrl ?? settings.gitUrl
  if (url === undefined) {
    throw invalid('--git-url', 'no repository is named', 'pass --git-url or set FAIRLEAD_GIT_URL')
  }
  return {
    url,
    reference: referenceOf(settings),
    storeDirectory: `${stateDirectory}/git`,
    ...given('tokenFile', settings.gitTokenFile),
    ...given('usernameFile', settings.gitUsernameFile),
    ...given('passwordFile', settings.gitPasswordFile),
    ...given('caFile', settings.gitCaFile),
    ...given('sshKeyFile', settings.gitSshKeyFile),
    ...given('knownHostsFile', settings.gitKnownHostsFile),
    timeoutMs: settings.gitTimeout,
    idleMs,
    log,
  }
}

function referenceOf(settings: Settings): GitSourceOptions['reference'] {
  const named = (['branch', 'tag', 'commit'] as const).flatMap((kind) => {
    const name = { branch: settings.gitBranch, tag: settings.gitTag, commit: settings.gitCommit }[kind]
    return name === undefined ? [] : [{ kind, name }]
  })
  if (named.length > 1) {
    const flags = named.map(({ kind }) => `--git-${kind}`).join(' and ')
    throw invalid(flags, 'more than one reference is named', 'name a branch, a tag or a commit')
  }
  return named[0] ?? { kind: 'branch', name: 'main' }
}

function given<Name extends string>(name: Name, value: string | undefined): { readonly [Key in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [Key in Name]: string })
}

function invalid(where: string, what: string, fix: string): Failure {
  return new Failure(`${where}: ${what}`, { code: 'SETTING_INVALID', where, fix, retry: 'never' })
}
