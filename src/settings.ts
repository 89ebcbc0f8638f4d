import { parseDurationMs } from './domain/duration.ts'
import { Failure } from './domain/failure.ts'

interface SettingSpec {
  /** Commander's form: `--interval <duration>`. */
  readonly flag: string
  readonly variable: string
  readonly type: 'text' | 'duration' | 'switch'
  readonly optional?: true
  readonly default?: string
  readonly choices?: readonly string[]
  readonly help: string
}

/** Every setting, once: its flag, its variable, its unit, its default and a line of help. */
export const settingSpecs = {
  root: text('--root <dir>', 'FAIRLEAD_ROOT', '/', 'root directory of the machine'),
  repo: text('--repo <dir>', 'FAIRLEAD_REPO', '.', 'checkout of the configuration repository'),
  cluster: text(
    '--cluster <name>',
    'FAIRLEAD_CLUSTER',
    undefined,
    'directory below clusters/; the only one if there is one',
  ),
  node: text('--node <name>', 'FAIRLEAD_NODE', undefined, "this machine's node name; the host name unless told"),
  role: choice(
    '--role <role>',
    'FAIRLEAD_ROLE',
    undefined,
    ['server', 'agent'],
    "this machine's role in the cluster; that of spec.nodes, else server, unless told",
  ),
  engine: choice(
    '--engine <engine>',
    'FAIRLEAD_ENGINE',
    'auto',
    ['auto', 'k3s', 'builtin'],
    'who applies the manifests directory: a K3s on this machine, or Fairlead',
  ),
  programFile: text(
    '--program <file>',
    'FAIRLEAD_PROGRAM',
    undefined,
    "this node's NodeProgram; program.json in the state directory unless told",
  ),
  source: choice(
    '--source <source>',
    'FAIRLEAD_SOURCE',
    'file',
    ['file', 'api'],
    'where an agent finds its program: a file, or the NodeProgram object of its node in the Kubernetes API',
  ),
  controllerKeyFile: text(
    '--controller-key-file <file>',
    'FAIRLEAD_CONTROLLER_KEY_FILE',
    undefined,
    'public keys any of which programs must be signed with, PEM; the first one that is seen is kept unless told',
  ),
  signingKeyFile: text(
    '--signing-key-file <file>',
    'FAIRLEAD_SIGNING_KEY_FILE',
    undefined,
    'ed25519 private key that signs programs, PEM; a Secret of the cluster unless told',
  ),
  kernel: choice(
    '--kernel <mode>',
    'FAIRLEAD_KERNEL',
    'auto',
    ['auto', 'on', 'off'],
    'keep packet filter, routes and settings of this kernel; auto: only when --root is /',
  ),
  confirmTimeout: optionalDuration(
    '--confirm-timeout <duration>',
    'FAIRLEAD_CONFIRM_TIMEOUT',
    'how long a risky change may stay unconfirmed, instead of spec.rollout.confirmTimeout: 10s to 1h',
  ),
  kubeconfig: text(
    '--kubeconfig <file>',
    'KUBECONFIG',
    undefined,
    'how to reach the Kubernetes API; several files with ":" between them',
  ),
  kubeContext: text(
    '--context <name>',
    'FAIRLEAD_CONTEXT',
    undefined,
    'context of the kubeconfig, if not its current one',
  ),
  ageKeyFile: text(
    '--age-key-file <file>',
    'FAIRLEAD_AGE_KEY_FILE',
    undefined,
    'age secret key for files that are encrypted with SOPS; /var/lib/fairlead/age.key below the root unless told',
  ),
  gitUrl: text(
    '--git-url <url>',
    'FAIRLEAD_GIT_URL',
    undefined,
    'configuration repository: https://, http://, ssh:// or a local path',
  ),
  gitBranch: text('--git-branch <name>', 'FAIRLEAD_GIT_BRANCH', undefined, 'branch to follow; main unless told'),
  gitTag: text('--git-tag <name>', 'FAIRLEAD_GIT_TAG', undefined, 'tag to follow, instead of a branch'),
  gitCommit: text('--git-commit <id>', 'FAIRLEAD_GIT_COMMIT', undefined, 'commit to stay at, instead of a branch'),
  gitTokenFile: text(
    '--git-token-file <file>',
    'FAIRLEAD_GIT_TOKEN_FILE',
    undefined,
    'file with a bearer token for the repository',
  ),
  gitUsernameFile: text(
    '--git-username-file <file>',
    'FAIRLEAD_GIT_USERNAME_FILE',
    undefined,
    'file with a user name for the repository',
  ),
  gitPasswordFile: text(
    '--git-password-file <file>',
    'FAIRLEAD_GIT_PASSWORD_FILE',
    undefined,
    'file with its password',
  ),
  gitCaFile: text(
    '--git-ca-file <file>',
    'FAIRLEAD_GIT_CA_FILE',
    undefined,
    'PEM file with the authorities to trust for the repository',
  ),
  gitSshKeyFile: text(
    '--git-ssh-key-file <file>',
    'FAIRLEAD_GIT_SSH_KEY_FILE',
    undefined,
    'private key for ssh:// repositories',
  ),
  gitKnownHostsFile: text(
    '--git-known-hosts-file <file>',
    'FAIRLEAD_GIT_KNOWN_HOSTS_FILE',
    undefined,
    'pinned host keys for ssh:// repositories',
  ),
  gitTimeout: duration(
    '--git-timeout <duration>',
    'FAIRLEAD_GIT_TIMEOUT',
    '60s',
    'longest time for one exchange with the repository',
  ),
  interval: duration(
    '--interval <duration>',
    'FAIRLEAD_INTERVAL',
    '30s',
    'how often repository and machine are looked at without a hint',
  ),
  resync: text('--resync <cron>', 'FAIRLEAD_RESYNC', undefined, 'cron expression: compile and compare everything anew'),
  timeZone: text('--time-zone <zone>', 'FAIRLEAD_TIME_ZONE', 'UTC', 'IANA time zone of --resync'),
  listen: text(
    '--listen <host:port>',
    'FAIRLEAD_LISTEN',
    '127.0.0.1:8420',
    'status page, webhooks, health and metrics; "off" for none',
  ),
  tlsCertFile: text(
    '--tls-cert-file <file>',
    'FAIRLEAD_TLS_CERT_FILE',
    undefined,
    'certificate chain of the listener, PEM',
  ),
  tlsKeyFile: text('--tls-key-file <file>', 'FAIRLEAD_TLS_KEY_FILE', undefined, 'its private key, PEM'),
  insecureHttp: toggle('--insecure-http', 'FAIRLEAD_INSECURE_HTTP', 'listen beyond loopback without TLS'),
  tokenFile: text(
    '--token-file <file>',
    'FAIRLEAD_TOKEN_FILE',
    undefined,
    'file with the token of the status page; needed beyond loopback',
  ),
  webhookSecretFile: text(
    '--webhook-secret-file <file>',
    'FAIRLEAD_WEBHOOK_SECRET_FILE',
    undefined,
    'file with the secret shared with the forge',
  ),
  logLevel: choice(
    '--log-level <level>',
    'FAIRLEAD_LOG_LEVEL',
    'info',
    ['debug', 'info', 'warn', 'error'],
    'least level that is logged',
  ),
  logFormat: choice(
    '--log-format <format>',
    'FAIRLEAD_LOG_FORMAT',
    'auto',
    ['auto', 'json', 'pretty'],
    'auto is pretty on a terminal',
  ),
} as const satisfies Readonly<Record<string, SettingSpec>>

export type SettingKey = keyof typeof settingSpecs

type ValueOf<Spec> = Spec extends { readonly type: 'switch' }
  ? boolean
  : Spec extends { readonly type: 'duration' }
    ? Spec extends { readonly optional: true }
      ? number | undefined
      : number
    : Spec extends { readonly default: string }
      ? string
      : string | undefined

/** Durations in milliseconds; everything else as written. */
export type Settings = { readonly [Key in SettingKey]: ValueOf<(typeof settingSpecs)[Key]> }

/**
 * Flags first, then variables, then defaults.
 * @param flags as parsed, by setting; only those that were written
 * @throws Failure SETTING_INVALID naming the flag or the variable
 */
export function resolveSettings(
  flags: Readonly<Partial<Record<SettingKey, string | boolean>>>,
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const entries = Object.entries(settingSpecs).map(([key, spec]: [string, SettingSpec]) => {
    const flag = flags[key as SettingKey]
    const written = flag ?? environment[spec.variable]
    const where = flag === undefined ? spec.variable : (spec.flag.split(' ')[0] ?? spec.flag)
    return [key, settingValue(spec, written === '' ? undefined : written, where)]
  })
  return Object.freeze(Object.fromEntries(entries))
}

function settingValue(spec: SettingSpec, written: string | boolean | undefined, where: string): unknown {
  if (spec.type === 'switch') return written === true || written === 'true' || written === '1'
  const value = written === undefined ? spec.default : String(written)
  if (value === undefined) return undefined
  if (spec.choices !== undefined && !spec.choices.includes(value)) {
    throw invalid(where, `${JSON.stringify(value)} is none of ${spec.choices.join(', ')}`, 'choose one of them')
  }
  return spec.type === 'duration' ? durationMs(value, where) : value
}

function durationMs(value: string, where: string): number {
  const ms = parseDurationMs(value)
  if (ms !== undefined && ms > 0) return ms
  throw invalid(where, `${JSON.stringify(value)} is no duration`, 'write 30s, 5m or 1h30m')
}

function invalid(where: string, what: string, fix: string): Failure {
  return new Failure(`${where}: ${what}`, { code: 'SETTING_INVALID', where, fix, retry: 'never' })
}

function text<const Default extends string | undefined>(
  flag: string,
  variable: string,
  fallback: Default,
  help: string,
) {
  return { flag, variable, type: 'text', help, ...withDefault(fallback) } as const
}

function duration<const Default extends string>(flag: string, variable: string, fallback: Default, help: string) {
  return { flag, variable, type: 'duration', default: fallback, help } as const
}

function optionalDuration(flag: string, variable: string, help: string) {
  return { flag, variable, type: 'duration', optional: true, help } as const
}

function choice<const Default extends string | undefined>(
  flag: string,
  variable: string,
  fallback: Default,
  choices: readonly string[],
  help: string,
) {
  return { flag, variable, type: 'text', choices, help, ...withDefault(fallback) } as const
}

function toggle(flag: string, variable: string, help: string) {
  return { flag, variable, type: 'switch', help } as const
}

function withDefault<Default extends string | undefined>(fallback: Default) {
  return (fallback === undefined ? {} : { default: fallback }) as Default extends string
    ? { readonly default: Default }
    : Record<never, never>
}
