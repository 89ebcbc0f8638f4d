import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Failure } from '../../domain/failure.ts'

/** Nobody has that many keys on one machine. */
const maxBytes = 64 * 1024
const mostKeys = 100
const identity = /^AGE-SECRET-KEY-(1|PQ-1)[A-Z0-9]+$/

/**
 * The secret keys of a file that age-keygen wrote: one a line, with comments. Like an SSH key it is refused while
 * anybody but its owner can read it, and the owner is root or the user that Fairlead runs as.
 * @throws Failure AGE_KEY_MISSING, AGE_KEY_EXPOSED, AGE_KEY_UNREADABLE
 */
export async function readAgeKeys(path: string): Promise<readonly string[]> {
  const text = await readPrivate(path)
  const keys = text.split(/\r?\n/).flatMap((line, index): string[] => {
    const key = line.trim()
    if (key === '' || key.startsWith('#')) return []
    if (identity.test(key)) return [key]
    throw unreadable(path, `line ${index + 1} is no age secret key${hintOf(key)}`)
  })
  if (keys.length === 0) throw unreadable(path, 'it holds no age secret key')
  if (keys.length > mostKeys) throw unreadable(path, `it holds more than ${mostKeys} keys`)
  return keys
}

async function readPrivate(path: string): Promise<string> {
  const file = await openKey(path)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw unreadable(path, 'it is no plain file')
    if (stats.uid !== 0 && stats.uid !== process.geteuid?.()) throw exposed(path, `it belongs to uid ${stats.uid}`)
    const mode = stats.mode & 0o777
    if ((mode & 0o077) !== 0) throw exposed(path, `its mode is 0${mode.toString(8)}`)
    if (stats.size > maxBytes) throw unreadable(path, `it is larger than ${maxBytes / 1024} KiB`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

async function openKey(path: string): Promise<FileHandle> {
  try {
    // A pipe in its place would be waited for.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
    if (code === undefined) throw cause
    throw code === 'ENOENT' || code === 'ENOTDIR' ? missing(path, cause) : unreadable(path, code, cause)
  }
}

function hintOf(line: string): string {
  if (line.startsWith('AGE-PLUGIN-')) return '; keys of age plugins are not used'
  if (line.startsWith('age-encryption.org/') || line.startsWith('-----BEGIN AGE'))
    return '; the file is encrypted itself'
  return line.startsWith('-----BEGIN') ? '; SSH keys are not used' : ''
}

function missing(path: string, cause: unknown): Failure {
  return new Failure(
    `the repository holds encrypted files, and this machine has no age key at ${path}`,
    {
      code: 'AGE_KEY_MISSING',
      where: path,
      fix: `make one here with age-keygen -o ${path}, add its public key to .sops.yaml and run sops updatekeys on the files`,
      retry: 'when-changed',
    },
    { cause },
  )
}

function exposed(path: string, what: string): Failure {
  return new Failure(`the age key ${path} is not used: ${what}`, {
    code: 'AGE_KEY_EXPOSED',
    where: path,
    fix: `make it readable by its owner alone: chown root ${path} && chmod 600 ${path}; replace it if somebody may have read it`,
    retry: 'when-changed',
  })
}

function unreadable(path: string, what: string, cause?: unknown): Failure {
  return new Failure(
    `the age key ${path} cannot be used: ${what}`,
    {
      code: 'AGE_KEY_UNREADABLE',
      where: path,
      fix: 'put the file there that age-keygen wrote, with one secret key a line',
      retry: 'when-changed',
    },
    cause === undefined ? undefined : { cause },
  )
}
