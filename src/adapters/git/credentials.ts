import { readFile } from 'node:fs/promises'
import { gitFailure } from './git-failures.ts'

const maxFileBytes = 1024 * 1024

/** One secret, without the newline that editors add; read anew at every use, so that a rotated one works at once. */
export async function readSecret(file: string): Promise<string> {
  const text = await readText(file)
  const secret = text.trim()
  if (secret === '' || /[\r\n\0]/.test(secret)) {
    throw gitFailure('GIT_CREDENTIALS_UNREADABLE', file, 'it holds no single line of text')
  }
  return secret
}

/** Certificates in PEM. @throws Failure GIT_CREDENTIALS_UNREADABLE */
export async function readCertificates(file: string): Promise<string> {
  const text = await readText(file)
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw gitFailure('GIT_CREDENTIALS_UNREADABLE', file, 'it holds no certificate in PEM format')
  }
  return text
}

export interface CredentialFiles {
  readonly tokenFile?: string | undefined
  readonly usernameFile?: string | undefined
  readonly passwordFile?: string | undefined
}

/**
 * Values of the `Authorization` header in the order in which to try them; empty without credentials. A token is offered
 * as Bearer first; GitHub and GitLab take theirs only as the password of a Basic login, whose user they ignore.
 */
export async function readAuthorizations(files: CredentialFiles): Promise<readonly string[]> {
  const username = files.usernameFile === undefined ? undefined : await readSecret(files.usernameFile)
  if (files.tokenFile !== undefined) {
    const token = await readSecret(files.tokenFile)
    const basic = basicAuthorization(username ?? 'x-access-token', token)
    return username === undefined ? [`Bearer ${token}`, basic] : [basic]
  }
  if (files.passwordFile === undefined) return []
  return [basicAuthorization(username ?? 'git', await readSecret(files.passwordFile))]
}

function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

async function readText(file: string): Promise<string> {
  try {
    const bytes = await readFile(file)
    if (bytes.length > maxFileBytes) throw gitFailure('GIT_CREDENTIALS_UNREADABLE', file, 'it is too large')
    return bytes.toString('utf8')
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause
    throw gitFailure('GIT_CREDENTIALS_UNREADABLE', file, String(cause.code), cause)
  }
}
