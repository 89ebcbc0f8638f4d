import { fairleadPaths } from '../../k3s/locations.ts'
import { isPackagedManifest } from '../../k3s/packaged-components.ts'
import { asRecord, parseJsonObject, valueAt } from '../flannel/json-object.ts'
import { dataDirOf } from '../flannel/pod-network.ts'
import type { Finding, Rule } from '../rule.ts'
import type { NodeSubject } from '../subject.ts'
import { restartCommand } from './service-command.ts'

/** K3s writes all its manifests in one go, which takes a slow disk a moment. */
const stagingMs = 60_000

export const packagedEdited: Rule = {
  id: 'machine-packaged-edited',
  severity: 'warning',
  title: 'a manifest of K3s that somebody wrote since K3s did',
  why: 'K3s applies the edit now, and writes its own content again at the next start',
  fix: 'keep the change in a HelmChartConfig, in coredns-custom, or in a file of another name; a restart of K3s undoes the edit',
  versions: 'every version',
  looksAt: ['manifests', 'host'],
  sources: ['k3s-io/k3s pkg/deploy/stage.go'],
  check: (subject) => (subject.scope === 'machine' ? subject.nodes.flatMap(editedManifests) : []),
}

function editedManifests(node: NodeSubject): readonly Finding[] {
  const { process: running, files } = node.host ?? {}
  if (running === undefined || files === undefined) return []
  const directory = `${dataDirOf(node)}/server/manifests/`
  const packaged = [...files.values()].filter(
    ({ path, type }) =>
      type === 'file' && path.startsWith(directory) && isPackagedManifest(path.slice(directory.length)),
  )
  const pristine = pristineFiles(files.get(`${fairleadPaths.state}/pristine.json`)?.text, running.pid)
  const fix = `keep the change elsewhere, then bring K3s's own content back: ${restartCommand(node)}`
  if (pristine !== undefined) {
    return packaged.flatMap(({ path, text }) => {
      const own = pristine.get(path)
      if (own === undefined || text === undefined || own === text) return []
      return [{ at: top(path), what: `${path} is not what K3s wrote when it started`, fix }]
    })
  }
  const staged = packaged
    .map(({ modifiedAtMs }) => modifiedAtMs)
    .filter((time) => time >= (running.startedAtMs ?? Infinity))
  // Of one file alone nobody can tell whether K3s or somebody else wrote it.
  if (staged.length < 2) return []
  const stagedAtMs = Math.min(...staged)
  return packaged.flatMap(({ path, modifiedAtMs }) => {
    const lateMs = modifiedAtMs - stagedAtMs
    if (lateMs <= stagingMs) return []
    return [{ at: top(path), what: `${path} was written ${printAge(lateMs)} after K3s wrote its manifests`, fix }]
  })
}

/** What K3s staged when this very process started, as Fairlead kept it. */
function pristineFiles(text: string | undefined, pid: number): ReadonlyMap<string, string> | undefined {
  const state = parseJsonObject(text ?? '')
  if (valueAt(state, 'value', 'identity', 'pid') !== pid) return undefined
  const files = Object.entries(asRecord(valueAt(state, 'value', 'files')) ?? {})
  return new Map(files.flatMap(([path, content]) => (typeof content === 'string' ? [[path, content] as const] : [])))
}

function top(file: string): Finding['at'] {
  return { place: { file, line: 1, column: 1 } }
}

function printAge(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 120) return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`
}
