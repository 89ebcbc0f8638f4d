import * as z from 'zod'
import type { NodeProgram } from '../../domain/program.ts'
import { type Result, refusal, success } from '../../domain/result.ts'
import { locationOf } from '../../k3s/locations.ts'
import { sha256Hex } from '../../text/digest.ts'
import { networkProgramForm } from './network-forms.ts'

const file = z
  .strictObject({
    kind: z.literal('file'),
    id: z.string(),
    location: z.enum(['k3s-config', 'flannel-conf', 'manifest']),
    path: z.string(),
    text: z.string().max(8 * 1024 * 1024),
    secrecy: z.enum(['encrypted']).optional(),
    origin: z.string(),
  })
  .refine(({ path, location }) => locationOf(path) === location, 'is outside of the places that a program may write to')
  .refine(({ id, path }) => id === `file:${path}`, 'has the id of another file')

const form = z.strictObject({
  apiVersion: z.literal('fairlead.dev/v1alpha1'),
  kind: z.literal('NodeProgram'),
  cluster: z.string().min(1).max(253),
  node: z.string().min(1).max(253),
  role: z.enum(['server', 'agent']),
  k3sVersion: z.string().max(64),
  files: z.array(file).max(10_000),
  packaged: z.strictObject({
    disabled: z.array(z.string()),
    clusterDNS: z.array(z.string()),
    clusterDomain: z.string(),
  }),
  drift: z.strictObject({
    packagedFiles: z.enum(['Restore', 'Report']),
    drops: z.enum(['Allow', 'Report', 'Quarantine', 'Adopt']),
  }),
  network: networkProgramForm.optional(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
})

/**
 * A NodeProgram as an agent takes it: structured, complete, of places that a program may write to, and unchanged since its
 * digest was made. This is the border of what a node lets itself be told.
 * @param text JSON
 * @returns the program, or every objection with the path of its field
 */
export function parseNodeProgram(text: string): Result<NodeProgram, readonly string[]> {
  const json = parseJson(text)
  if (!json.ok) return refusal([json.error])
  const parsed = form.safeParse(json.value)
  if (!parsed.success) {
    return refusal(parsed.error.issues.map((issue) => `${printPath(issue.path)}: ${issue.message}`))
  }
  // The value as it came, not as the schema rebuilt it: the digest is over its own order of fields.
  const { digest, ...rest } = json.value as NodeProgram
  if (programDigest(rest) !== digest) return refusal(['digest: does not fit the rest of the program'])
  return success(json.value as NodeProgram)
}

/** SHA-256 over everything but the digest, in hex. */
export function programDigest(program: Omit<NodeProgram, 'digest'>): string {
  return sha256Hex(JSON.stringify(program))
}

function parseJson(text: string): Result<unknown, string> {
  try {
    return success(JSON.parse(text) as unknown)
  } catch (error) {
    return refusal(`is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function printPath(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '(the program)' : path.map(String).join('.')
}
