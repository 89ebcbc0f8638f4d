import type { AddressFamily } from '../../domain/cidr.ts'
import { Failure } from '../../domain/failure.ts'
import type { CommandPort, CommandResult } from '../../ports/command-port.ts'

/** A route takes 12 microseconds; the kernel may be busy. */
const timeoutMs = 60_000

/**
 * Runs lines in one process, each whether or not others fail.
 * @returns the kernel's words for lines that it refused, by their index; some of them may have done their work before
 * @throws Failure ROUTES_FAILED, ROUTES_UNSUPPORTED
 */
export async function runBatch(
  commands: CommandPort,
  ip: string,
  family: AddressFamily,
  lines: readonly string[],
): Promise<ReadonlyMap<number, string>> {
  if (lines.length === 0) return new Map()
  const result = await commands.run([ip, `-${family}`, '-force', '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
    timeoutMs,
  })
  if (result.failed !== undefined) throw failed(result)
  const refused = refusedLines(result.stderr)
  if (result.code === 0 || result.code === 1) {
    if (/Operation not permitted/.test(result.stderr) && refused.size === lines.length) throw notPermitted()
    return refused
  }
  // An interface that is not there ends the whole run inside a set of next hops: the lines behind it were never read.
  const [only] = lines
  if (lines.length === 1 && only !== undefined) return new Map([[0, lastWords(result.stderr)]])
  const middle = Math.ceil(lines.length / 2)
  const first = await runBatch(commands, ip, family, lines.slice(0, middle))
  const second = await runBatch(commands, ip, family, lines.slice(middle))
  return new Map([...first, ...[...second].map(([index, message]) => [index + middle, message] as const)])
}

/**
 * The lines before `Command failed -:7` are about line 7.
 * @see iproute2 lib/utils.c, do_batch
 */
export function refusedLines(stderr: string): ReadonlyMap<number, string> {
  const refused = new Map<number, string>()
  let words: string[] = []
  for (const line of stderr.split('\n')) {
    const number = /^Command failed -:(\d+)$/.exec(line)?.[1]
    if (number === undefined) {
      if (line.trim() !== '') words.push(line.trim())
      continue
    }
    refused.set(Number(number) - 1, plainWords(words.join('; ')))
    words = []
  }
  return refused
}

function lastWords(stderr: string): string {
  return plainWords(
    stderr
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('Command failed'))
      .join('; '),
  )
}

function plainWords(text: string): string {
  const plain = text.replace(/^(RTNETLINK answers|Error): /, '').replace(/\.$/, '')
  return plain === '' ? 'refused without a reason' : plain.slice(0, 300)
}

function failed({ failed: reason, stderr }: CommandResult): Failure {
  return new Failure(`routes could not be written: ${reason ?? stderr.trim().slice(0, 300)}`, {
    code: 'ROUTES_FAILED',
    where: 'ip -batch',
    fix: 'see whether the machine is overloaded; the next pass looks at what was written and goes on from there',
    retry: 'soon',
  })
}

function notPermitted(): Failure {
  return new Failure('routes cannot be written: the kernel does not permit it', {
    code: 'ROUTES_UNSUPPORTED',
    where: 'ip -batch',
    fix: 'run as root, or with CAP_NET_ADMIN',
    retry: 'never',
  })
}
