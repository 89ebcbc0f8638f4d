import * as z from 'zod'
import { isRecord } from '../../domain/plain-json.ts'
import { type PublishedProgram, programFormat } from '../../domain/published-program.ts'
import { type Result, refusal, success } from '../../domain/result.ts'

const digest = z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in hex')
const name = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'is no name of an object')

/** `spec` of a NodeProgram object. Whoever adds a field here adds it to what is signed as well. */
export const publishedProgramForm = z
  .strictObject({
    format: z
      .int()
      .min(1)
      .describe('Form of this program. An agent that does not know it keeps the last program that it took.'),
    cluster: name.describe("Name of the cluster in its repository: the ClusterNetwork's."),
    clusterUID: z
      .string()
      .regex(/^[A-Za-z0-9-]{1,128}$/, 'is no UID')
      .describe('UID of the namespace kube-system. A program for another cluster is refused.'),
    node: name.describe('The node that this is for: the name of the object.'),
    sequence: z
      .int()
      .min(1)
      .describe('Grows with every change for as long as the cluster lives. A smaller one than before is refused.'),
    revision: z
      .strictObject({
        name: z.string().max(1024).describe('As people name it: branch and abbreviated commit.'),
        commit: z.string().max(1024).describe('Full commit.'),
        author: z.string().max(4096).describe('Who wrote the commit.'),
        subject: z.string().max(16_384).describe('First line of its message.'),
      })
      .describe('The revision of the repository that the program was made of.'),
    digest: digest.describe('SHA-256 of the program when it is put together again.'),
    program: z
      .record(z.string(), z.unknown())
      .describe(
        'The program: pieces of its JSON text, large ones kept as ProgramContent objects. Not for editing: the controller writes it, and the agent takes nothing that was changed.',
      ),
    permit: z
      .strictObject({ program: digest.describe('Digest of the program that may begin.') })
      .optional()
      .describe('Leave for a risky change to begin.'),
    signature: z
      .strictObject({
        keyId: z
          .string()
          .regex(/^[0-9a-f]{16}$/, 'is no id of a key')
          .describe('First 16 hex digits of the SHA-256 of the public key.'),
        value: z
          .string()
          .regex(/^[A-Za-z0-9+/]{86}==$/, 'is no Ed25519 signature in base64')
          .describe('Ed25519, base64.'),
      })
      .describe("The controller's signature over everything but program, which digest stands for."),
  })
  .describe(
    'What the controller tells the node. A byte of it that somebody else changed makes the agent keep what it has.',
  )

const longestMessage = 300
const mostMessages = 20

/**
 * The envelope of a program as it comes from the API. Neither its signature nor whom it is for is looked at here.
 * @param spec of a NodeProgram object, plain JSON
 * @returns every objection with the path of its field; for a form that is not known here that one alone
 */
export function parsePublishedProgram(spec: unknown): Result<PublishedProgram, readonly string[]> {
  if (!isRecord(spec)) return refusal(['spec: is no object'])
  const format = spec['format']
  if (Number.isSafeInteger(format) && format !== programFormat) {
    return refusal([`format: ${String(format)} is not known here; this release takes ${programFormat}`])
  }
  const parsed = publishedProgramForm.safeParse(spec)
  if (parsed.success) return success(spec as unknown as PublishedProgram)
  const told = parsed.error.issues.slice(0, mostMessages).map(({ path, message }) => {
    const place = path.length === 0 ? 'spec' : path.map(String).join('.')
    return `${place}: ${message}`.slice(0, longestMessage)
  })
  return refusal(told)
}
