import { exitCode } from '../domain/exit-code.ts'
import { settingSpecs } from '../settings.ts'
import type { Command, CommandSpec } from './command.ts'

/** A verb as completion knows it. */
interface Verb {
  readonly name: string
  readonly summary: string
  readonly options: readonly VerbOption[]
}

interface VerbOption {
  /** `--output`, and `-o` where there is one. */
  readonly names: readonly string[]
  readonly help: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
}

/**
 * A script for one shell. Everything that can be completed stands in it: Tab starts no process, and what it does not
 * know, the shell completes as a file name.
 */
export function completionCommand(specs: readonly CommandSpec[]): Command {
  return async ({ words, terminal }) => {
    const [shell] = words
    const script = Object.entries(scripts).find(([name]) => name === shell)?.[1]
    if (script === undefined) {
      terminal.err.write(`fairlead: there is completion for ${Object.keys(scripts).join(', ')}\n`)
      return exitCode.badUsage
    }
    terminal.out.write(script(specs.map(verbOf)))
    return exitCode.done
  }
}

const scripts: Readonly<Record<string, (verbs: readonly Verb[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

function verbOf(spec: CommandSpec): Verb {
  const settings = spec.settings.map((key) => settingSpecs[key])
  const options = [...settings, ...(spec.options ?? []), { flag: '-h, --help', help: 'display help for command' }]
  return { name: spec.name, summary: spec.summary, options: options.map(optionOf) }
}

/** @param option.flag commander's form: `-o, --output <format>` */
function optionOf(option: { readonly flag: string; readonly help: string }): VerbOption {
  const choices = 'choices' in option && Array.isArray(option.choices) ? option.choices.map(String) : []
  const names = option.flag.split(/[ ,]+/).filter((word) => word.startsWith('-'))
  return { names, help: option.help, takesValue: option.flag.includes('<'), choices }
}

function bashScript(verbs: readonly Verb[]): string {
  const choices = choicesOf(verbs).map(
    ({ verb, name, values }) =>
      `    '${verb} ${name}') COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$cur")); return ;;`,
  )
  const options = verbs.map(
    (verb) => `    ${verb.name}) COMPREPLY=($(compgen -W '${namesOf(verb).join(' ')}' -- "$cur")) ;;`,
  )
  return `# source <(fairlead completion bash)
_fairlead() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" verb="\${COMP_WORDS[1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${verbs.map((verb) => verb.name).join(' ')}' -- "$cur"))
    return
  fi
  case "$verb $prev" in
${choices.join('\n')}
  esac
  [ "\${cur#-}" != "$cur" ] || return
  case "$verb" in
${options.join('\n')}
  esac
}
complete -o default -F _fairlead fairlead
`
}

function zshScript(verbs: readonly Verb[]): string {
  const described = (name: string, text: string): string => quoted(`${name}:${text.replaceAll(':', '\\:')}`)
  const choices = choicesOf(verbs).map(
    ({ verb, name, values }) => `    '${verb} ${name}') compadd -- ${values.join(' ')}; return ;;`,
  )
  const options = verbs.map((verb) => {
    const list = verb.options.flatMap((option) => option.names.map((name) => described(name, option.help)))
    return `    ${verb.name}) options=(${list.join(' ')}) ;;`
  })
  return `#compdef fairlead
# source <(fairlead completion zsh), after compinit
_fairlead() {
  local -a verbs options
  verbs=(${verbs.map((verb) => described(verb.name, verb.summary)).join(' ')})
  if (( CURRENT == 2 )); then _describe 'verb' verbs; return; fi
  case "\${words[2]} \${words[CURRENT-1]}" in
${choices.join('\n')}
  esac
  case "\${words[2]}" in
${options.join('\n')}
  esac
  if [[ "\${words[CURRENT]}" == -* ]]; then _describe 'option' options; else _files; fi
}
compdef _fairlead fairlead
`
}

function fishScript(verbs: readonly Verb[]): string {
  const lines = verbs.flatMap((verb) => [
    `complete -c fairlead -n __fish_use_subcommand -f -a ${verb.name} -d ${quoted(verb.summary)}`,
    ...verb.options.map(
      (option) => `complete -c fairlead -n '__fish_seen_subcommand_from ${verb.name}' ${fishOption(option)}`,
    ),
  ])
  return `# fairlead completion fish | source\n${lines.join('\n')}\n`
}

function fishOption({ names, help, takesValue, choices }: VerbOption): string {
  const spelled = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : ''
  return `${spelled.join(' ')}${value} -d ${quoted(help)}`
}

function choicesOf(verbs: readonly Verb[]) {
  return verbs.flatMap((verb) =>
    verb.options.flatMap(({ names, choices }) =>
      choices.length === 0 ? [] : names.map((name) => ({ verb: verb.name, name, values: choices })),
    ),
  )
}

function namesOf(verb: Verb): readonly string[] {
  return verb.options.flatMap((option) => option.names)
}

/** Our own words, in single quotes of any of the shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`
}
