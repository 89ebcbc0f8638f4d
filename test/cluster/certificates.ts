import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface KeyPair {
  readonly keyFile: string
  readonly certFile: string
}

/** An authority of its own for one test server; keys on the P-256 curve, which openssl makes at once. */
export function makeAuthority(directory: string, name: string): KeyPair {
  const pair = filesOf(directory, name)
  const request = ['req', '-x509', ...newKey(pair.keyFile), '-subj', `/CN=${name}`, '-days', '2', '-out', pair.certFile]
  openssl([...request, '-addext', 'keyUsage=critical,keyCertSign,cRLSign'])
  return pair
}

export interface Subject {
  readonly commonName: string
  /** As which groups Kubernetes knows the bearer. */
  readonly organizations?: readonly string[]
  /** Addresses that a server's certificate covers: `IP:127.0.0.1`. */
  readonly alternativeNames?: readonly string[]
}

export function issueCertificate(authority: KeyPair, directory: string, name: string, subject: Subject): KeyPair {
  const pair = filesOf(directory, name)
  const request = join(directory, `${name}.csr`)
  const extensions = join(directory, `${name}.ext`)
  const organizations = (subject.organizations ?? []).map((organization) => `/O=${organization}`).join('')
  const names = subject.alternativeNames ?? []
  const usage = names.length === 0 ? 'clientAuth' : 'serverAuth'
  const lines = [`extendedKeyUsage=${usage}`, ...(names.length === 0 ? [] : [`subjectAltName=${names.join(',')}`])]
  writeFileSync(extensions, `${lines.join('\n')}\n`)
  openssl([
    'req',
    '-new',
    ...newKey(pair.keyFile),
    '-subj',
    `${organizations}/CN=${subject.commonName}`,
    '-out',
    request,
  ])
  const signedBy = ['-CA', authority.certFile, '-CAkey', authority.keyFile, '-CAcreateserial']
  openssl(['x509', '-req', '-in', request, ...signedBy, '-days', '2', '-extfile', extensions, '-out', pair.certFile])
  return pair
}

function filesOf(directory: string, name: string): KeyPair {
  return { keyFile: join(directory, `${name}.key`), certFile: join(directory, `${name}.crt`) }
}

function newKey(keyFile: string): readonly string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
}

function openssl(argv: readonly string[]): void {
  execFileSync('openssl', argv, { stdio: ['ignore', 'ignore', 'pipe'] })
}
