import { isMap, isScalar, type Pair } from 'yaml'
import { type ConfigEntry, type ConfigFileReading, mentionsSecretKey } from '../domain/k3s-config-reading.ts'
import type { Problem } from '../domain/problem.ts'
import { hideSecrets } from './k3s-config-secrets.ts'
import { isTemplateMark, templateInText, templateOffset } from './k3s-config-templates.ts'
import { lineOfSecretValue } from './secret-values.ts'
import { sourceLines } from './source-lines.ts'
import { type ReportedText, type YamlReport, yamlReport } from './yaml-report.ts'
import { readFirstDocument } from './yaml11-document.ts'
import { type NodeValues, nodeValues } from './yaml11-values.ts'

/** Characters of a text that is looked through for secrets; nobody writes so many flags. */
const longestLooked = 65_536

/**
 * One file of K3s's configuration, read as K3s reads it: the first document of YAML 1.1, its keys in their order, a
 * repeated key as often as it is written, `key+` told apart, aliases followed, every scalar with what K3s makes of it
 * and how it is written. Reads whatever it is given. A problem means that K3s refuses the file, or takes something
 * that nobody meant; what is merely unwise is left to the lint rules. Values of secret flags are replaced by a mask, and
 * no problem and no place shows a line with one.
 *
 * @param options.hideLines no line of the file is shown at all
 * @returns a reading without entries where nothing can be read, and for an empty file, which K3s takes for no settings
 * @see k3s-io/k3s pkg/configfilearg/parser.go; go-yaml/yaml v2 decode.go
 */
export function readK3sConfigFile(
  path: string,
  input: string,
  options: { readonly hideLines?: boolean } = {},
): { readonly file: ConfigFileReading; readonly problems: readonly Problem[] } {
  // A byte order mark would shift the first line's columns; K3s skips it too.
  const text = input.replace(/^\uFEFF/, '')
  const lines = sourceLines(path, text, { hideLines: options.hideLines === true })
  // Where the YAML is broken, nobody can tell on which line a secret ends.
  const mayHoldSecret = text.length > longestLooked || mentionsSecretKey(text) || lineOfSecretValue(text) !== undefined
  const cautious = sourceLines(path, text, { hideLines: options.hideLines === true || mayHoldSecret })
  const syntax = yamlReport(cautious)
  const { document, documents } = readFirstDocument(text, lines, syntax)
  if (document === undefined) {
    const empty: ConfigFileReading = { path, documents, entries: [], at: cautious.locate(0) }
    const template = templateInText(text, syntax.problems)
    if (template === undefined) return { file: empty, problems: syntax.problems }
    const report = yamlReport(cautious)
    report.add(template, templateLeftover)
    return { file: empty, problems: report.problems }
  }

  const report = yamlReport(lines)
  const values = nodeValues(lines, report)
  const { contents } = document
  const entries: ConfigEntry[] = []
  if (isMap(contents)) for (const pair of contents.items) entries.push(...entryOf(pair, values, text, report))
  else if (!isNothing(contents)) report.add(values.startOf(contents), notMapping(values.kindOf(contents)))
  return hideSecrets({ path, documents, entries, at: lines.locate(0) }, report.problems, values.secrets, text)
}

function entryOf(pair: Pair, values: NodeValues, text: string, report: YamlReport): readonly ConfigEntry[] {
  const offset = values.startOf(pair.key ?? pair.value)
  if (isTemplateMark(text, offset)) {
    report.add(offset, templateLeftover)
    return []
  }
  const written = values.keyOf(pair.key)
  if (written === undefined) {
    report.add(offset, keyNotText)
    return []
  }
  if (isScalar(pair.key) && pair.key.type === 'PLAIN' && written === '<<') {
    report.add(offset, mergeKey)
    return []
  }
  const appends = written.endsWith('+')
  const key = appends ? written.slice(0, -1) : written
  const template = templateOffset(text, pair.value, values)
  if (template !== undefined) report.add(template.offset, template.isText ? templateText(key) : templateLeftover)
  const value = values.valueBelow(key, pair.value)
  return value === undefined ? [] : [{ key, appends, value, at: values.locate(offset) }]
}

/** `---` alone, or comments. */
function isNothing(node: unknown): boolean {
  return node === null || (isScalar(node) && node.type === 'PLAIN' && /^(|~|null|Null|NULL)$/.test(node.source ?? ''))
}

function notMapping(kind: string): ReportedText {
  return {
    code: 'CONFIG_NOT_A_MAPPING',
    what: `the file holds ${kind} where K3s expects keys with values`,
    why: 'K3s cannot read the file and does not start, or starts without its settings',
    fix: 'write one flag a line: "flannel-backend: vxlan"',
  }
}

const keyNotText: ReportedText = {
  code: 'KEY_NOT_TEXT',
  what: 'a key is empty, or is itself a list or a mapping',
  why: 'K3s makes a nameless argument of it and does not start',
  fix: 'write the name of a flag before the ":"',
}

const mergeKey: ReportedText = {
  code: 'CONFIG_MERGE_KEY',
  what: '"<<" merges nothing here',
  why: "K3s's YAML reader drops merged keys from a configuration file without a word",
  fix: 'write the keys out',
}

const templateLeftover: ReportedText = {
  code: 'TEMPLATE_LEFTOVER',
  what: 'the file holds a placeholder of a template',
  why: 'it was copied without being filled in, and to K3s the braces are YAML',
  fix: 'put the value in the place of the placeholder',
}

function templateText(key: string): ReportedText {
  return {
    code: 'TEMPLATE_LEFTOVER',
    what: `the value of ${key} holds a placeholder of a template`,
    why: 'K3s fills nothing in: it gets the placeholder itself',
    fix: 'put the value in the place of the placeholder',
  }
}
