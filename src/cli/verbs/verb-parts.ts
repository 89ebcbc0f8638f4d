import type { SettingKey } from '../../settings.ts'

export const repository = ['repo', 'cluster'] as const satisfies readonly SettingKey[]
export const machine = [
  'root',
  'node',
  'role',
  'engine',
  'kernel',
  'ageKeyFile',
] as const satisfies readonly SettingKey[]
export const git = [
  'gitUrl',
  'gitBranch',
  'gitTag',
  'gitCommit',
  'gitTokenFile',
  'gitUsernameFile',
  'gitPasswordFile',
  'gitCaFile',
  'gitSshKeyFile',
  'gitKnownHostsFile',
  'gitTimeout',
] as const satisfies readonly SettingKey[]
export const listener = [
  'listen',
  'tlsCertFile',
  'tlsKeyFile',
  'insecureHttp',
  'tokenFile',
  'webhookSecretFile',
] as const satisfies readonly SettingKey[]
export const logs = ['logLevel', 'logFormat'] as const satisfies readonly SettingKey[]
export const loop = ['interval', 'resync', 'timeZone'] as const satisfies readonly SettingKey[]

export const output = (choices: readonly string[]) => ({
  flag: '-o, --output <format>',
  help: `one of ${choices.join(', ')}`,
  choices,
})

export const detailedExitCode = { flag: '--detailed-exitcode', help: 'end with 2 when something would change' }
export const capture = { flag: '--capture <file>', help: 'captured facts and observations instead of this machine' }
export const base = {
  flag: '--base <revision>',
  help: 'what the checkout changes about a Git revision, instead of this machine',
}
export const wait = { flag: '--timeout <duration>', help: 'how long to wait (default: 60s)' }
