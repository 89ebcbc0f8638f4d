import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type CleanRoot, runInRoot } from './clean-root.ts'
import type { Instruction, Stage } from './dockerfile.ts'

export interface BuildContext {
  /** Folder that holds the Dockerfile. */
  readonly directory: string
  /** Its entries that an engine would be sent. */
  readonly entries: readonly string[]
}

/**
 * The build context, from the allow-list in `.dockerignore`.
 * @throws Error when the file is not an allow-list of plain names
 */
export function readContext(directory: string): BuildContext {
  const lines = readFileSync(join(directory, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const [first, ...rest] = lines
  const entries = rest.map((line) => /^!([\w.-]+)$/.exec(line)?.[1])
  if (first !== '*' || !entries.every((entry) => entry !== undefined)) {
    throw new Error('.dockerignore: wants "*" and then "!name" for each entry that a build reads')
  }
  return { directory, entries }
}

/**
 * Carries the instructions of a stage out, in order, inside its root.
 * @param roots finished stages by name, for `COPY --from`
 * @throws Error with the output of the step that failed
 */
export function buildStage(
  stage: Stage,
  root: CleanRoot,
  context: BuildContext,
  roots: ReadonlyMap<string, CleanRoot>,
  environment: Record<string, string> = {},
): void {
  let directory = '/'
  for (const instruction of stage.instructions) {
    switch (instruction.kind) {
      case 'workdir':
        directory = resolve(directory, instruction.path)
        mkdirSync(join(root.path, directory), { recursive: true })
        break
      case 'copy':
        copy(instruction, root, directory, context, roots)
        break
      case 'run': {
        const ran = runInRoot(root, ['/bin/sh', '-c', instruction.script], { directory, environment })
        if (ran.exitCode !== 0) {
          throw new Error(`${stage.name}: RUN ${instruction.script}\nended with ${ran.exitCode}\n${ran.output}`)
        }
        break
      }
      default:
        instruction satisfies never
    }
  }
}

function copy(
  instruction: Instruction & { readonly kind: 'copy' },
  root: CleanRoot,
  directory: string,
  context: BuildContext,
  roots: ReadonlyMap<string, CleanRoot>,
): void {
  const target = join(root.path, resolve(directory, instruction.target))
  for (const source of sourcePaths(instruction, context, roots)) {
    // A folder as source means what is in it; `cp` merges it into what is there, like an engine does.
    const isWhole = lstatSync(source.path).isDirectory()
    const place = source.name === undefined ? target : join(target, source.name)
    mkdirSync(isWhole ? place : dirname(place), { recursive: true })
    execFileSync('cp', ['-RP', '--preserve=mode', isWhole ? `${source.path}/.` : source.path, place])
  }
}

/** `name` where the source keeps its name below the target. */
function sourcePaths(
  instruction: Instruction & { readonly kind: 'copy' },
  context: BuildContext,
  roots: ReadonlyMap<string, CleanRoot>,
): { readonly path: string; readonly name?: string }[] {
  const { from, sources } = instruction
  if (from !== undefined) {
    const stage = roots.get(from)
    if (stage === undefined) throw new Error(`COPY --from=${from}: there is no such stage before this one`)
    return sources.map((source) => ({ path: join(stage.path, source) }))
  }
  return sources.flatMap((source) => {
    const names = source === '.' ? context.entries : [source]
    const missing = names.find((name) => !context.entries.includes(name))
    if (missing !== undefined) throw new Error(`COPY ${missing}: .dockerignore keeps it from the engine`)
    return names.map((name) => ({ path: join(context.directory, name), name }))
  })
}
