import type { ManifestTree } from '../../domain/manifest-tree.ts'

/** A link to half of the disk would use up the watches of the machine; the pass every 15 seconds sees it all the same. */
const mostDirectories = 200

/**
 * The directories that links lead to, whose files are deployed and which are not below the manifests directory. Files behind
 * links of their own are not among them: only a new link tells K3s that such a file changed.
 */
export function directoriesToFollow(tree: ManifestTree): readonly string[] {
  if (tree.kind === 'missing') return []
  const found = new Set<string>()
  for (const { target } of tree.entries) {
    if (target?.kind !== 'directory' || target.realPath.startsWith(`${tree.base}/`)) continue
    const directories = target.entries.filter(({ type }) => type === 'directory').length
    if (directories < mostDirectories) found.add(target.realPath)
  }
  return [...found].sort()
}
