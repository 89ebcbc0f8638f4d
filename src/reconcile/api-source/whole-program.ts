import { Failure } from '../../domain/failure.ts'
import { contentName, fairleadKinds, fairleadNamespace } from '../../domain/fairlead-api.ts'
import type { Problem } from '../../domain/problem.ts'
import type { NodeProgram } from '../../domain/program.ts'
import type { PublishedProgram } from '../../domain/published-program.ts'
import { type Result, refusal, success } from '../../domain/result.ts'
import type { KubeObjectsPort } from '../../ports/kube-objects-port.ts'
import type { ProgramCachePort } from '../../ports/program-cache-port.ts'
import { parseNodeProgram } from '../../schema/program/node-program.ts'
import { contentsOf, unpackProgram } from '../../schema/program/unpack-program.ts'
import { sha256Hex } from '../../text/digest.ts'
import { programProblem } from './program-problems.ts'

/** The parts of a program that stand in objects of their own, from the disk where they are. */
export async function gatherContents(
  { program }: PublishedProgram,
  cache: ProgramCachePort,
  objects: KubeObjectsPort | undefined,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const contents = new Map<string, string>()
  // One after the other: after a start of the whole cluster all nodes ask at once.
  for (const digest of contentsOf(program)) {
    const cached = await cache.readContent(digest)
    contents.set(digest, cached ?? (await fetchContent(digest, cache, objects, signal)))
  }
  return contents
}

/** @throws Failure PROGRAM_CONTENT_MISSING, PROGRAM_CONTENT_DAMAGED, and those of the API */
async function fetchContent(
  digest: string,
  cache: ProgramCachePort,
  objects: KubeObjectsPort | undefined,
  signal: AbortSignal,
): Promise<string> {
  const name = contentName(digest)
  const object = await objects?.get({ ...fairleadKinds.programContent, namespace: fairleadNamespace, name }, signal)
  if (object === undefined) {
    throw contentFailure('PROGRAM_CONTENT_MISSING', name, 'a part of the program is not there yet')
  }
  const data = object['data']
  if (typeof data !== 'string' || sha256Hex(data) !== digest) {
    throw contentFailure('PROGRAM_CONTENT_DAMAGED', name, 'a part of the program is not what its name says')
  }
  await cache.writeContent(digest, data)
  return data
}

function contentFailure(code: string, name: string, what: string): Failure {
  return new Failure(`${what}: ProgramContent ${name}`, {
    code,
    where: `ProgramContent ${fairleadNamespace}/${name}`,
    fix: 'the controller writes it anew; if it stays so, look at its log',
    retry: 'soon',
  })
}

/** Puts a believed program together and looks through it from end to end. */
export function wholeProgram(
  published: PublishedProgram,
  contents: ReadonlyMap<string, string>,
  object: string,
): Result<NodeProgram, readonly Problem[]> {
  const refused = (whats: readonly string[]): Result<NodeProgram, readonly Problem[]> =>
    refusal(whats.map((what) => programProblem('PROGRAM_INVALID', what, object)))
  const text = unpackProgram(published.program, published.node, contents)
  if (!text.ok) return refused([text.error])
  const parsed = parseNodeProgram(text.value)
  if (!parsed.ok) return refused(parsed.error)
  const { digest, node, cluster } = parsed.value
  if (digest !== published.digest)
    return refused([`digest: the program has ${digest}, and ${published.digest} is signed`])
  if (node !== published.node) return refused([`node: the program is for ${JSON.stringify(node)}`])
  if (cluster !== published.cluster) return refused([`cluster: the program is for ${JSON.stringify(cluster)}`])
  return success(parsed.value)
}
