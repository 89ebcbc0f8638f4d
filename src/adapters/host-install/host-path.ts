import { lstatSync, readlinkSync, type Stats } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { hostFailure } from './host-failure.ts'

const mostLinks = 16

/**
 * Where a path of the host is below `root`, as the host would find it: links on the way are followed, absolute ones from
 * `root`, and nothing leads above it. The last part is not followed.
 *
 * @throws Failure HOST_PATH_CIRCULAR
 */
export function hostPath(root: string, path: string): string {
  let links = 0
  const rest = partsOf(path)
  const last = rest.pop()
  let found = '/'
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    const next = resolve(found, part)
    if (!statOf(join(root, next))?.isSymbolicLink()) {
      found = next
      continue
    }
    links += 1
    if (links > mostLinks) {
      throw hostFailure(
        'HOST_PATH_CIRCULAR',
        `${path} leads through too many links`,
        path,
        'look at the links on the way',
      )
    }
    const target = resolve(dirname(next), readlinkSync(join(root, next)))
    rest.unshift(...partsOf(target))
    found = '/'
  }
  return join(root, last === undefined ? found : resolve(found, last))
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '')
}

export function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}
