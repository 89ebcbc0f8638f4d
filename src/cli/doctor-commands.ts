import { join } from 'node:path'
import type { Problem } from '../domain/problem.ts'
import { isPackagedManifest } from '../k3s/packaged-components.ts'
import { restartCommand } from '../lint/machine/service-command.ts'
import type { NodeSubject } from '../lint/subject.ts'

/** What the machine's problems are mended on. */
export interface MendedMachine {
  /** Absolute; another one than `/` is a disk, on which no K3s can be restarted. */
  readonly root: string
  readonly node: NodeSubject
}

/**
 * The command that mends a problem, or that opens the place where it is to be mended; undefined where there is none
 * that fits every machine. Without placeholders: it can be run as it is.
 */
export function commandFor(problem: Problem, { root, node }: MendedMachine): string | undefined {
  const { code, fix, place } = problem
  const isLive = root === '/'
  const told = commandIn(fix)
  if (told !== undefined) return isLive ? told : undefined
  const manifest = place.file.split('/server/manifests/')[1]
  if (restartMends.has(code) || (manifest !== undefined && isPackagedManifest(manifest))) {
    return isLive ? restartCommand(node) : undefined
  }
  if (!place.file.startsWith('/')) return isLive ? editObject(place.file) : undefined
  if (node.host?.files.has(place.file) !== true || isGenerated(place.file)) return undefined
  const file = quoted(join(root, place.file))
  if (code === 'CFG_DROPIN_IGNORED_NAME') return `mv -n ${file} ${quoted(join(root, '/etc/rancher/k3s/'))}`
  if (code === 'ADDON_NAME_INVALID') return `mv -n ${file} ${quoted(join(root, withAddonName(place.file)))}`
  if (/^(rename|give (the file|one of them)|move )/.test(fix)) return undefined
  const edit = `"\${EDITOR:-vi}" +${place.line} ${file}`
  return [edit, ...(isLive ? afterEdit(place.file, node) : [])].join(' && ')
}

/** What K3s takes, and writes anew, when it starts. */
const restartMends: ReadonlySet<string> = new Set(['MACHINE_PACKAGED_EDITED', 'MACHINE_VERSION_DIFFERS'])

/** A fix that ends with a command says it already; one with a placeholder cannot be run. */
function commandIn(fix: string): string | undefined {
  const [found] = /(?:^|(?<=: ))(?:kubectl|systemctl|rc-service) .+$/.exec(fix) ?? []
  return found === undefined || /\b[A-Z]{3,}\b|[;,]| shows /.test(found) ? undefined : found
}

/** What stands before the first dot, as an Addon may be called. */
function withAddonName(path: string): string {
  const at = path.lastIndexOf('/') + 1
  const [stem = '', ...rest] = path.slice(at).split('.')
  const name = stem
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return `${path.slice(0, at)}${[name === '' ? 'addon' : name, ...rest].join('.')}`
}

/** K3s takes its flags when it starts, and manifests while it runs. */
function afterEdit(path: string, node: NodeSubject): readonly string[] {
  if (path.includes('/server/manifests/')) return []
  const reload = /\.service(\.d\/|$)/.test(path) ? ['systemctl daemon-reload'] : []
  return [...reload, restartCommand(node)]
}

/** `HelmChartConfig/kube-system/traefik`: an object that only the API has. What is wrong with a Node is in its flags. */
function editObject(place: string): string | undefined {
  const [, kind, namespace, name] = /^([A-Z][A-Za-z]+)\/(?:([a-z0-9.-]+)\/)?([a-z0-9.:-]+)$/.exec(place) ?? []
  if (kind === undefined || name === undefined || kind === 'Node') return undefined
  return `kubectl ${namespace === undefined ? '' : `-n ${namespace} `}edit ${kind.toLowerCase()} ${name}`
}

/** K3s writes it at every start: an edit is lost. */
function isGenerated(path: string): boolean {
  return /\/agent\/etc\/|^\/run\/|^\/var\/lib\/fairlead\//.test(path)
}

/** As a POSIX shell takes it for one word. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
