import { hasControlCharacter } from './control-characters.ts'
import { gitFailure } from './git-failures.ts'

/** A directory in a tree: relative, with `/`, `''` for the root. @throws Failure GIT_PATH_REFUSED */
export function checkTreePath(path: string): void {
  if (path === '') return
  if (path.length > 4096 || path.split('/').some((part) => part === '' || part === '.' || part === '..')) refuse(path)
  if (hasControlCharacter(path)) refuse(path)
}

/** A path that a commit of ours may write; stricter, as others will check it out. @throws Failure GIT_PATH_REFUSED */
export function checkPublishedPath(path: string): void {
  if (path === '' || path.includes('\\')) refuse(path)
  checkTreePath(path)
  // `.git` in every disguise that a file system may take for it: GIT~1, `.git.`, `.GIT ` (git's own verify_path).
  if (path.split('/').some((part) => /^(?:\.git[. ]*|\.?git~\d)$/i.test(part) || part.includes(':'))) refuse(path)
}

function refuse(path: string): never {
  throw gitFailure('GIT_PATH_REFUSED', JSON.stringify(path.slice(0, 200)))
}
