import type { LocatedLine } from './problem.ts'

/** One file of K3s's configuration as it is on disk. */
export interface ConfigFileReading {
  readonly path: string
  /** How many YAML documents it has; K3s reads the first. */
  readonly documents: number
  /** Every key of the first document in its order, a repeated one as often as it is written. */
  readonly entries: readonly ConfigEntry[]
  readonly at: LocatedLine
}

export interface ConfigEntry {
  /** As it is written, without the trailing `+`; an alias stays an alias. */
  readonly key: string
  /** Written as `key+`. */
  readonly appends: boolean
  readonly value: ConfigValue
  readonly at: LocatedLine
}

/** A value as YAML 1.1 reads it, which is what K3s does. */
export type ConfigValue =
  | ConfigScalar
  | { readonly kind: 'list'; readonly items: readonly ConfigValue[] }
  | { readonly kind: 'map' }

export interface ConfigScalar {
  readonly kind: 'scalar'
  readonly type: 'string' | 'boolean' | 'integer' | 'float' | 'null' | 'timestamp'
  /** What K3s makes of it: `yes` is `true`, `0644` is `420`. Empty for null. */
  readonly text: string
  /** As it is written, without quotes. */
  readonly source: string
  readonly isQuoted: boolean
  readonly at: LocatedLine
}

/** A file that tells K3s how to run, and that could not be read or understood. */
export interface UnreadConfig {
  readonly path: string
  /** For people: `permission denied`, `the file is not valid YAML`. */
  readonly reason: string
}

/** Everything that tells K3s on one node how to run. */
export interface NodeConfigReading {
  /** The main file first, then the drop-ins in the order K3s reads them. */
  readonly files: readonly ConfigFileReading[]
  /** Files in the drop-in folder that K3s does not read. */
  readonly ignoredFiles: readonly LocatedLine[]
  /** Flags of the unit or the running process, in order: `--disable=traefik` is `{ key: 'disable', text: 'traefik' }`. */
  readonly arguments: readonly ConfigArgument[]
  /** Variables that K3s is started with; secret values are masked. */
  readonly environment: readonly { readonly name: string; readonly value: string; readonly at: LocatedLine }[]
}

export interface ConfigArgument {
  /** As it is written, without dashes; an alias stays an alias. */
  readonly key: string
  readonly text: string
  readonly at: LocatedLine
}

/** What stands in a reading in place of a secret: the mask that K3s itself writes into the Node's annotations. */
export const secretMask = '********'

/**
 * Whether the value of a flag, or of an environment variable, is never shown. Flags that only name a file or switch
 * something on are not among them.
 * @see k3s-io/k3s pkg/nodeconfig/nodeconfig.go (`isSecret`), which leaves the VPN key readable; this list does not
 */
export function isSecretKey(name: string): boolean {
  return secretNames.has(name.toLowerCase().replaceAll('_', '-').replace(/^k3s-/, ''))
}

/** Whether a line may hold a secret: it has the name of a secret flag or variable in it. */
export function mentionsSecretKey(text: string): boolean {
  return secretMention.test(text)
}

/** Long names, aliases, and the names of variables without `K3S_`. */
const secretNames: ReadonlySet<string> = new Set([
  'token',
  't',
  'agent-token',
  'cluster-secret',
  'datastore-endpoint',
  'vpn-auth',
  'etcd-s3-access-key',
  'etcd-s3-secret-key',
  'etcd-s3-session-token',
  'aws-access-key-id',
  'aws-secret-access-key',
  'aws-session-token',
])

const secretMention =
  /(?<![A-Za-z0-9])(agent[-_])?token(?![-_A-Za-z0-9])|session[-_]token|cluster[-_]secret|datastore[-_]endpoint|vpn[-_]auth(?![-_]file)|access[-_]key|secret[-_]key|(?<![A-Za-z0-9-])-?t["']?\+?["']?[\s=:]|passw(or)?d|joinkey|:\/\/[^\s/@:]*:[^\s/@]*@/i
