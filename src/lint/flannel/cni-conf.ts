import type { Finding } from '../rule.ts'
import type { NodeSubject } from '../subject.ts'
import { asList, parseJsonObject, textAt } from './json-object.ts'

/** A file that flannel-cni-conf names replaces the whole list of plugins that K3s writes. */
export function cniConfFindings({ flannelCniConf: file }: NodeSubject): readonly Finding[] {
  if (file === undefined) return []
  const types = pluginTypes(parseJsonObject(file.text))
  if (types === undefined) {
    const why = 'containerd loads no network from it, and no pod starts'
    return [
      {
        at: file.at,
        what: `${file.path} is no CNI configuration list`,
        why,
        fix: 'write valid JSON with a list plugins',
      },
    ]
  }
  if (types.includes('portmap')) return []
  return [{ at: file.at, what: `${file.path} lists the plugins ${types.join(', ') || 'none'}, and no portmap` }]
}

/** Types of the plugins of a conflist, in their order; undefined for what is no conflist. */
export function pluginTypes(conflist: Readonly<Record<string, unknown>> | undefined): readonly string[] | undefined {
  if (!Array.isArray(conflist?.['plugins'])) return undefined
  return asList(conflist['plugins']).map((plugin) => textAt(plugin, 'type') ?? '')
}
