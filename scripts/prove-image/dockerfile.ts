/** One instruction that changes a stage's file system or how its containers start; all others only describe. */
export type Instruction =
  | { readonly kind: 'copy'; readonly from?: string; readonly sources: readonly string[]; readonly target: string }
  | { readonly kind: 'run'; readonly script: string }
  | { readonly kind: 'workdir'; readonly path: string }

export interface Stage {
  readonly name: string
  /** With build arguments filled in: `debian:12-slim`. */
  readonly base: string
  readonly instructions: readonly Instruction[]
  /** `uid:gid`. */
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly healthcheck: readonly string[]
}

interface Line {
  readonly number: number
  readonly word: string
  readonly rest: string
}

/** Instructions that change nothing we could carry out. */
const descriptive = ['LABEL', 'STOPSIGNAL']

/**
 * The stages of a Dockerfile, in order. It knows the instructions that ours uses and refuses every other one: a step
 * that is skipped in silence would prove nothing.
 * @throws Error naming the line
 */
export function parseDockerfile(text: string): Stage[] {
  const stages: Stage[] = []
  const defaults = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const stage = stages.at(-1)
    if (line.word === 'FROM') stages.push(newStage(line, defaults))
    else if (line.word === 'ARG') readArgument(line.rest, defaults)
    else if (stage === undefined) throw refusal(line, 'before the first FROM')
    else stages[stages.length - 1] = withLine(stage, line)
  }
  return stages
}

function newStage(line: Line, defaults: ReadonlyMap<string, string>): Stage {
  const match = /^(\S+) AS (\S+)$/.exec(line.rest)
  if (match === null) throw refusal(line, 'wants FROM <image> AS <name>')
  const base = (match[1] ?? '').replace(/\$\{(\w+)\}/g, (_, name: string) => defaults.get(name) ?? '')
  return { name: match[2] ?? '', base, instructions: [], user: '0:0', entrypoint: [], command: [], healthcheck: [] }
}

function readArgument(rest: string, defaults: Map<string, string>): void {
  const [name = '', value = ''] = rest.split('=')
  defaults.set(name, value)
}

function withLine(stage: Stage, line: Line): Stage {
  if (descriptive.includes(line.word)) return stage
  switch (line.word) {
    case 'COPY':
      return withInstruction(stage, copyInstruction(line))
    case 'RUN':
      return withInstruction(stage, { kind: 'run', script: line.rest })
    case 'WORKDIR':
      return withInstruction(stage, { kind: 'workdir', path: line.rest })
    case 'USER':
      return { ...stage, user: line.rest }
    case 'ENTRYPOINT':
      return { ...stage, entrypoint: execForm(line, line.rest) }
    case 'CMD':
      return { ...stage, command: execForm(line, line.rest) }
    case 'HEALTHCHECK':
      return { ...stage, healthcheck: execForm(line, line.rest.replace(/^(--\S+\s+)*CMD\s+/, '')) }
    default:
      throw refusal(line, 'is not known here')
  }
}

function withInstruction(stage: Stage, instruction: Instruction): Stage {
  return { ...stage, instructions: [...stage.instructions, instruction] }
}

function copyInstruction(line: Line): Instruction {
  const words = line.rest.split(/\s+/)
  const options = words.filter((word) => word.startsWith('--'))
  const paths = words.filter((word) => !word.startsWith('--'))
  const target = paths.at(-1)
  const from = options[0]?.startsWith('--from=') === true ? options[0].slice('--from='.length) : undefined
  if (target === undefined || paths.length < 2 || options.length > (from === undefined ? 0 : 1)) {
    throw refusal(line, 'wants COPY [--from=<stage>] <source>… <target>')
  }
  return { kind: 'copy', ...(from === undefined ? {} : { from }), sources: paths.slice(0, -1), target }
}

function execForm(line: Line, text: string): string[] {
  const words: unknown = text.startsWith('[') ? JSON.parse(text) : undefined
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words
  throw refusal(line, 'wants the ["program", "argument"] form: no shell between the engine and Fairlead')
}

/** Lines without comments, continued ones joined. */
function logicalLines(text: string): Line[] {
  const lines: Line[] = []
  let open: { readonly number: number; readonly text: string } | undefined
  for (const [index, raw] of text.split('\n').entries()) {
    if (raw.trimStart().startsWith('#') || (raw.trim() === '' && open === undefined)) continue
    const joined = open === undefined ? raw.trim() : `${open.text} ${raw.trim()}`
    const number = open?.number ?? index + 1
    open = joined.endsWith('\\') ? { number, text: joined.slice(0, -1).trimEnd() } : undefined
    if (open !== undefined) continue
    const match = /^(\S+)\s+(.*)$/.exec(joined)
    lines.push({ number, word: (match?.[1] ?? joined).toUpperCase(), rest: match?.[2] ?? '' })
  }
  return lines
}

function refusal(line: Line, why: string): Error {
  return new Error(`Dockerfile:${line.number}: ${line.word} ${why}`)
}
