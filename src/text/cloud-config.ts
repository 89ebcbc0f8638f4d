import { isAlias, isMap, isScalar, isSeq, type YAMLMap } from 'yaml'
import { mentionsSecretKey } from '../domain/k3s-config-reading.ts'
import type { LocatedLine, Problem } from '../domain/problem.ts'
import { sourceLines } from './source-lines.ts'
import { decodeUtf8 } from './utf8.ts'
import { type ReportedText, type YamlReport, yamlReport } from './yaml-report.ts'
import { readFirstDocument } from './yaml11-document.ts'

/** What a `#cloud-config` does that may concern K3s. */
export interface CloudConfig {
  /** Files of `write_files`, with their text; a later one of the same path wins, as on the machine. */
  readonly files: readonly CloudFile[]
  /** `bootcmd` and `runcmd` in their order: a line for a shell, or the words of a command. */
  readonly commands: readonly CloudCommand[]
}

export interface CloudFile {
  readonly path: string
  readonly text: string
  readonly at: LocatedLine
}

export interface CloudCommand {
  readonly command: string | readonly string[]
  readonly at: LocatedLine
}

/**
 * Reads a cloud-init file. What it writes in ways that are not read here (gzip, appending, a source elsewhere) is a
 * problem where K3s's files are concerned, and left out.
 *
 * @returns undefined for a text that is no `#cloud-config`
 * @see canonical/cloud-init cloudinit/config/cc_write_files.py, cc_runcmd.py
 */
export function readCloudConfig(
  path: string,
  input: string,
): { readonly config: CloudConfig; readonly problems: readonly Problem[] } | undefined {
  const text = input.replace(/^\uFEFF/, '')
  // A Jinja template says so in a line before.
  if (!/^(## template: jinja[^\n]*\n)?#cloud-config\s*(\n|$)/.test(text)) return undefined
  const lines = sourceLines(path, text, { hideLines: mentionsSecretKey(text) })
  const report = yamlReport(lines)
  const { document } = readFirstDocument(text, lines, report)
  const contents = document?.contents
  if (!isMap(contents)) return { config: { files: [], commands: [] }, problems: report.problems }
  const locate = (node: unknown): LocatedLine => lines.locate(startOf(node))
  const files = new Map<string, CloudFile>()
  for (const item of itemsOf(contents.get('write_files', true))) {
    const file = fileOf(item, report, locate)
    if (file !== undefined) files.set(file.path, file)
  }
  const commands = ['bootcmd', 'runcmd']
    .flatMap((key) => itemsOf(contents.get(key, true)))
    .flatMap((item) => {
      const command = commandOf(item)
      return command === undefined ? [] : [{ command, at: locate(item) }]
    })
  return { config: { files: [...files.values()], commands }, problems: report.problems }
}

function fileOf(item: unknown, report: YamlReport, locate: (node: unknown) => LocatedLine): CloudFile | undefined {
  if (!isMap(item)) return undefined
  const path = textOf(item, 'path')
  if (path === undefined) return undefined
  const content = textOf(item, 'content') ?? ''
  const encoding = (textOf(item, 'encoding') ?? 'text/plain').toLowerCase()
  const text = decode(content, encoding)
  const isElsewhere = item.has('source') || textOf(item, 'append') === 'true'
  if (text !== undefined && !isElsewhere) {
    return { path, text, at: locate(item.get('content', true) ?? item) }
  }
  if (/rancher|k3s/.test(path)) report.add(startOf(item), isElsewhere ? builtElsewhere(path) : notDecoded(path))
  return undefined
}

function decode(content: string, encoding: string): string | undefined {
  if (encoding === 'text/plain' || encoding === '') return content
  if (encoding !== 'b64' && encoding !== 'base64') return undefined
  const compact = content.replace(/\s/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined
  const decoded = decodeUtf8(Buffer.from(compact, 'base64'))
  return 'text' in decoded ? decoded.text : undefined
}

function commandOf(item: unknown): string | readonly string[] | undefined {
  if (isScalar(item)) return item.source
  if (!isSeq(item)) return undefined
  return item.items.flatMap((word) => (isScalar(word) ? [word.source ?? ''] : []))
}

function itemsOf(node: unknown): readonly unknown[] {
  return isSeq(node) ? node.items : []
}

function textOf(map: YAMLMap, key: string): string | undefined {
  const node: unknown = map.get(key, true)
  return isScalar(node) ? (node.source ?? '') : undefined
}

function startOf(node: unknown): number {
  return isAlias(node) || isScalar(node) || isMap(node) || isSeq(node) ? (node.range?.[0] ?? 0) : 0
}

function notDecoded(path: string): ReportedText {
  return {
    code: 'CLOUD_FILE_NOT_READ',
    severity: 'warning',
    what: `the content of ${path} is encoded in a way that is not read here`,
    why: 'plain text and base64 are; what the file says is not known',
    fix: 'write the content as plain text or base64',
  }
}

function builtElsewhere(path: string): ReportedText {
  return {
    code: 'CLOUD_FILE_NOT_READ',
    severity: 'warning',
    what: `${path} is appended to, or comes from an address`,
    why: 'what the file says in the end is not in the cloud-init file',
    fix: 'write the whole content under "content"',
  }
}
