import type { InverseStep } from '../../domain/inverse.ts'
import { rollbackHead, rollbackTail } from './rollback-script.ts'
import { quoteAll, quoteForShell } from './shell-quote.ts'

/** Absolute paths of the programs that the script itself needs. */
export interface ShellPrograms {
  readonly sh: string
  readonly ln: string
  readonly rm: string
  readonly sleep: string
  /** Ends a step that hangs; without it a step may take as long as it takes. */
  readonly timeout?: string
}

export interface RollbackInput {
  readonly id: string
  /** Absolute, where the checkpoint will be. */
  readonly directory: string
  readonly steps: readonly InverseStep[]
  readonly programs: ShellPrograms
  /** Variables for every step, beside PATH and LC_ALL. */
  readonly environment: Readonly<Record<string, string>>
  /** `emergency.sh` is there: run when the steps failed five times. */
  readonly hasEmergency: boolean
  /** Who armed it, and how the programs that it starts are marked; absent where they are not. */
  readonly writer?: { readonly pid: number; readonly startTicks: string; readonly mark: string }
}

export interface PrintedRollback {
  readonly script: string
  /** Name below `inverse/` → bytes. */
  readonly payloads: ReadonlyMap<string, string>
}

const variableName = /^[A-Z][A-Z0-9_]*$/

/**
 * The way back as a POSIX shell script that needs nothing of us. Texts are fixed; every word of data is quoted, and what
 * a program reads stands in a file of its own.
 */
export function printRollback(input: RollbackInput): PrintedRollback {
  const payloads = new Map<string, string>()
  const lines = input.steps.map((step, index) => printStep(step, String(index + 1).padStart(3, '0'), payloads))
  const script = [
    rollbackHead,
    ...settings(input),
    rollbackTail.functions,
    'steps() {',
    '  :',
    ...lines.map((line) => `  ${line}`),
    '}',
    rollbackTail.course,
  ].join('\n')
  return { script, payloads }
}

function settings({ id, directory, programs, environment, hasEmergency, writer }: RollbackInput): string[] {
  const variables = Object.entries(environment).map(([name, value]) => {
    if (!variableName.test(name)) throw new Error(`${name} is no name of a variable`)
    return `${name}=${quoteForShell(value)}; export ${name}`
  })
  return [
    ...variables,
    `id=${quoteForShell(id)}`,
    `dir=${quoteForShell(directory)}`,
    `sh=${quoteForShell(programs.sh)}`,
    `ln=${quoteForShell(programs.ln)}`,
    `rm=${quoteForShell(programs.rm)}`,
    `sleep=${quoteForShell(programs.sleep)}`,
    `has_emergency=${hasEmergency ? 1 : 0}`,
    `mark=${quoteForShell(writer?.mark ?? '')}`,
    `writer=${writer?.pid ?? 0}`,
    `writer_start=${quoteForShell(writer?.startTicks ?? '')}`,
    programs.timeout === undefined
      ? 'limited() { "$@"; }'
      : `limited() { ${quoteForShell(programs.timeout)} -s KILL 10 "$@"; }`,
  ]
}

function printStep(step: InverseStep, number: string, payloads: Map<string, string>): string {
  switch (step.kind) {
    case 'run': {
      const verb = step.mayFail === true ? 'may' : 'must'
      const orFailed = step.mayFail === true ? ' || :' : ' || failed=1'
      if (step.input === undefined) return `${verb} ${number} ${quoteAll(step.argv)}${orFailed}`
      payloads.set(number, step.input)
      return `${verb} ${number} ${quoteAll(step.argv)} <"$dir/inverse/${number}"${orFailed}`
    }
    case 'ensure': {
      const attempt =
        step.mayFail === true
          ? `may ${number} ${quoteAll(step.argv)} || :`
          : `must ${number} ${quoteAll(step.argv)} || failed=1`
      return `holds ${quoteAll(step.check)} || ${attempt}`
    }
    case 'until-gone':
      return `gone ${number} ${quoteAll(step.argv)} || failed=1`
    case 'write':
      return `put ${number} ${quoteForShell(step.path)} ${quoteForShell(step.text)} || failed=1`
  }
}

/** A reason as the scripts keep it: the first line of a file, without what a terminal would obey. */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 500)
}
