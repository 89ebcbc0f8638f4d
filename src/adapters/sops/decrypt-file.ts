import { Failure } from '../../domain/failure.ts'
import type { EncryptedFile } from '../../ports/secrets-port.ts'
import { type OpenObjection, openTrees } from '../../text/sops/open-tree.ts'
import { printTrees } from '../../text/sops/print-tree.ts'
import { readSopsMetadata } from '../../text/sops/sops-metadata.ts'
import { readTypedFile, type TypedFile } from '../../text/sops/typed-tree.ts'
import { openDataKey, publicKeys } from './data-key.ts'
import { encryptionRule } from './encryption-rule.ts'

/**
 * A SOPS file in the clear: YAML for YAML and JSON for JSON, without comments, verified as a whole.
 * @param keys age secret keys of this machine
 * @throws Failure SOPS_UNREADABLE, SOPS_UNSUPPORTED, SOPS_KEY_MISMATCH, SOPS_VALUE_PLAIN, SOPS_TAMPERED
 */
export async function decryptFile(file: EncryptedFile, keys: readonly string[]): Promise<string> {
  const read = readTypedFile(file.name, file.text)
  const [problem] = read.problems
  if (problem !== undefined) {
    const { line } = problem.place
    throw sopsFailure('SOPS_UNREADABLE', `${file.name}:${line}`, problem.what, problem.fix)
  }
  const metadata = readSopsMetadata(read.documents)
  if (!metadata.ok) throw sopsFailure(metadata.error.code, file.name, metadata.error.what, metadata.error.fix)
  const { recipients, rule } = metadata.value
  const isEncryptedBelow = encryptionRule(rule, read.documents)
  if (!isEncryptedBelow.ok) throw sopsFailure('SOPS_UNSUPPORTED', file.name, isEncryptedBelow.error, simplerRule)

  const dataKey = await openDataKey(recipients, keys)
  if (dataKey === undefined) {
    const [theirs, ours] = [recipients.map(({ recipient }) => recipient), await publicKeys(keys)]
    throw keyMismatch(file.name, theirs, ours)
  }
  const opened = openTrees(read.documents, metadata.value, dataKey, isEncryptedBelow.value)
  if (!opened.ok) throw objectionFailure(opened.error, file.name, read)
  return printTrees(opened.value, /^\s*\{/.test(file.text) && opened.value.length === 1 ? 'json' : 'yaml')
}

const simplerRule = 'write a simpler expression in .sops.yaml, such as ^(data|stringData)$, and encrypt the file anew'

function objectionFailure(objection: OpenObjection, name: string, { locate }: TypedFile): Failure {
  if (objection.kind === 'digest-differs') {
    const what = 'the values are not those that were encrypted: its digest (sops.mac) does not fit'
    return sopsFailure('SOPS_TAMPERED', name, what, lookAtHistory)
  }
  const { path, offset } = objection
  const where = offset === undefined ? name : `${name}:${locate(offset).line}`
  if (objection.kind === 'value-plain') {
    return sopsFailure('SOPS_VALUE_PLAIN', where, `${path} should be encrypted and is not`, encryptIt)
  }
  const what = `${path} does not decrypt in this place: it was changed, or belongs to another key or file`
  return sopsFailure('SOPS_TAMPERED', where, what, lookAtHistory)
}

const lookAtHistory = 'find the commit that changed the file without sops and undo it; then edit it with sops edit'
const encryptIt = 'encrypt the file with sops, and replace the secret if it was real: it stands in the history now'

function keyMismatch(name: string, theirs: readonly string[], ours: readonly string[]): Failure {
  const what = `it is encrypted to ${shortList(theirs)}, and the key of this machine is ${shortList(ours)}`
  const fix = 'add the public key of this machine to .sops.yaml and run sops updatekeys on the file'
  return sopsFailure('SOPS_KEY_MISMATCH', name, what, fix)
}

function shortList(recipients: readonly string[]): string {
  const shown = recipients.slice(0, 3).join(', ')
  return recipients.length > 3 ? `${shown} and ${recipients.length - 3} more` : shown
}

function sopsFailure(code: string, where: string, what: string, fix: string): Failure {
  return new Failure(`${where}: ${what}`, { code, where, fix, retry: 'when-changed' })
}
