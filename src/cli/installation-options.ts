import { parseGitAddress } from '../adapters/git/git-address.ts'
import { Failure } from '../domain/failure.ts'
import { type Installation, ownApi } from '../render/install/installation.ts'
import type { CommandCall } from './command.ts'

/**
 * What an installation is asked for on the command line.
 * @throws Failure SETTING_INVALID naming the option, GIT_URL_INVALID
 */
export function installationOf({ settings, options, version }: CommandCall): Installation {
  const { gitUrl, gitBranch, cluster } = settings
  const secret = textOption(options, 'git-token-secret')
  if (gitUrl !== undefined) refuseOtherThanHttp(gitUrl)
  return {
    version,
    image: imageOption(textOption(options, 'image') ?? `fairlead:${version}`),
    api: apiOption(textOption(options, 'api')),
    nodeAgent: options['node-agent'] === 'none' ? 'none' : 'daemonset',
    ...(gitUrl === undefined ? {} : { gitUrl }),
    ...(gitBranch === undefined ? {} : { gitBranch }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(secret === undefined ? {} : { gitTokenSecret: secretOption(secret) }),
  }
}

function textOption(options: CommandCall['options'], name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** The image of the controller has no git program, and no key or known hosts to call one with. */
function refuseOtherThanHttp(url: string): void {
  const address = parseGitAddress(url)
  if (address.kind === 'http') return
  throw invalid(
    '--git-url',
    `${address.shown} needs the git program, which the image of the controller does not have`,
    'give the https:// address of the repository, and its token with --git-token-secret',
  )
}

/** @see distribution/reference: what a container engine takes for an image, loosely */
function imageOption(image: string): string {
  if (/^[a-z0-9][A-Za-z0-9._/:@-]{0,511}$/.test(image)) return image
  throw invalid(
    '--image',
    `${JSON.stringify(image)} is no name of an image`,
    'write registry.example.org/fairlead:0.1.0',
  )
}

function secretOption(name: string): string {
  if (/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) return name
  throw invalid(
    '--git-token-secret',
    'this is no name of a Secret',
    'name a Secret of fairlead-system that has the key "token"; the token itself goes nowhere else',
  )
}

function apiOption(text: string | undefined): Installation['api'] {
  if (text === undefined) return ownApi
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text)
  const [host, port] = [match?.[1] ?? match?.[2], Number(match?.[3])]
  if (host !== undefined && port > 0 && port <= 65_535) return { host, port }
  throw invalid('--api', `${JSON.stringify(text)} is no address`, 'write host:port, like 127.0.0.1:6443')
}

function invalid(where: string, what: string, fix: string): Failure {
  return new Failure(`${where}: ${what}`, { code: 'SETTING_INVALID', where, fix, retry: 'never' })
}
