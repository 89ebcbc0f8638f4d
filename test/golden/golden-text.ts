import type { FileArtefact, LabelsArtefact } from '../../src/domain/artefact.ts'
import type { Problem } from '../../src/domain/problem.ts'
import type { NodeProgram } from '../../src/domain/program.ts'
import type { Compiled } from '../../src/reconcile/compile-revision.ts'

/**
 * Everything that a revision becomes, for people to read: the files of every node byte for byte below a line that names
 * them, the packaged components that are left out, the labels, and the findings without their explanations.
 */
export function goldenText(compiled: Compiled, clusterDirectory: string): string {
  const parts = compiled.kind === 'refused' ? ['refused\n'] : [...programTexts(compiled.nodes), ...labelTexts(compiled)]
  return [...parts, findingsText(compiled.problems, clusterDirectory)].join('\n')
}

function programTexts(nodes: readonly NodeProgram[]): readonly string[] {
  const shown = new Map<string, string>()
  return nodes.map((program) => {
    const { node, role, packaged } = program
    const files = program.files.map((file) => fileText(file, node, shown))
    const { disabled, clusterDNS, clusterDomain } = packaged
    const selection = `packaged: without [${disabled.join(', ')}], DNS ${clusterDNS.join(', ')}, ${clusterDomain}\n`
    return [`=== ${role} ${node}\n`, selection, ...(files.length === 0 ? ['no files\n'] : files)].join('')
  })
}

/** What an earlier node has as well is shown there. */
function fileText({ path, text, origin }: FileArtefact, node: string, shown: Map<string, string>): string {
  const key = JSON.stringify([path, text])
  const first = shown.get(key)
  if (first !== undefined) return `--- ${path} as on ${first}\n`
  shown.set(key, node)
  const ending = text.endsWith('\n') ? '' : '\n(no newline at the end)\n'
  return `--- ${path} from ${origin}\n${text}${ending}`
}

function labelTexts({ cluster }: Compiled & { readonly kind: 'compiled' }): readonly string[] {
  return cluster.labels.length === 0 ? [] : [`=== labels\n${cluster.labels.map(labelText).join('')}`]
}

function labelText({ id, labels, annotations }: LabelsArtefact): string {
  const lines = [...pairs('label', labels), ...pairs('annotation', annotations)]
  return `${id}\n${lines.join('')}`
}

function pairs(kind: string, values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).map(([key, value]) => `  ${kind} ${key}=${value}\n`)
}

function findingsText(problems: readonly Problem[], clusterDirectory: string): string {
  if (problems.length === 0) return '=== no findings\n'
  return `=== findings\n${problems.map((problem) => findingText(problem, clusterDirectory)).join('')}`
}

function findingText({ code, severity, place, what }: Problem, clusterDirectory: string): string {
  const file = place.file.replace(`${clusterDirectory}/`, '')
  return `${file}:${place.line}:${place.column} ${severity} ${code} ${what}\n`
}
