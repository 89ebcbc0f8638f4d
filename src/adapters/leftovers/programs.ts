import type { IptablesBackend } from '../../domain/network-program.ts'
import type { AddressFamilyKey } from '../../domain/saved-tables.ts'
import type { CommandPort } from '../../ports/command-port.ts'
import { toolMissing } from './leftover-failures.ts'

/** Names of one concrete pair of programs: what the plain names lead to may change between two calls. */
export function iptablesProgram(
  backend: IptablesBackend,
  family: AddressFamilyKey,
  verb: '' | '-save' | '-restore',
): string {
  return `${family === 'v6' ? 'ip6tables' : 'iptables'}-${backend}${verb}`
}

/** @throws Failure CLEANUP_UNSUPPORTED */
export async function need(commands: CommandPort, program: string): Promise<string> {
  const path = await commands.find(program)
  if (path === undefined) throw toolMissing(program)
  return path
}

/** Runs a program that only reads. @returns undefined when it is not installed */
export async function readFrom(
  commands: CommandPort,
  program: string,
  args: readonly string[],
): Promise<string | undefined> {
  const path = await commands.find(program)
  if (path === undefined) return undefined
  const result = await commands.run([path, ...args])
  return result.code === 0 ? result.stdout : undefined
}
