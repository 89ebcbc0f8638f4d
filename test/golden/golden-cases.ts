import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { assumedFacts, type Facts } from '../../src/domain/facts.ts'
import type { RepositoryReader } from '../../src/ports/repository-port.ts'
import { type Compiled, compileRevision } from '../../src/reconcile/compile-revision.ts'
import { readCapture } from '../../src/schema/capture.ts'
import { textRepository } from '../lab/text-repository.ts'

/** One repository with one cluster, for one release of K3s, and the file that says what becomes of it. */
export interface GoldenCase {
  /** `flannel/direct-routing v1.33.6+k3s1`. */
  readonly name: string
  readonly release: string
  /** `clusters/direct-routing`. */
  readonly clusterDirectory: string
  readonly repository: ReadonlyMap<string, string | Uint8Array>
  readonly reader: RepositoryReader
  readonly facts: Facts
  /** Absolute. */
  readonly expectedFile: string
}

const root = new URL('../fixtures/golden', import.meta.url).pathname

/** Every case below `test/fixtures/golden/<system>/<case>/`, once for each release that its `releases.txt` names. */
export function goldenCases(): readonly GoldenCase[] {
  return directoriesIn(root).flatMap((system) =>
    directoriesIn(join(root, system)).flatMap((name) => casesOf(system, name)),
  )
}

/** Everything in the `expected/` of all cases, with absolute paths, sorted. */
export function expectedFiles(): readonly string[] {
  return filesIn(root)
    .filter((path) => path.split('/')[2] === 'expected')
    .map((path) => join(root, path))
    .sort()
}

export function compileCase({ reader, clusterDirectory, facts }: GoldenCase): Promise<Compiled> {
  return compileRevision(reader, clusterDirectory, facts, new AbortController().signal)
}

/** What is never part of the repository: it lies beside it. */
const besides = /^(expected\/.*|releases\.txt|capture\.yaml)$/

const writtenRelease = /^( *k3sVersion: )(\S+)/m

function casesOf(system: string, name: string): readonly GoldenCase[] {
  const directory = join(root, system, name)
  const clusterDirectory = `clusters/${name}`
  const own = filesIn(directory).filter((path) => !besides.test(path))
  const network = readFileSync(join(directory, 'network.yaml'), 'utf8')
  const written = writtenRelease.exec(network)?.[2] ?? ''
  return releasesOf(directory, written).map((release) => {
    const repository = new Map<string, string | Uint8Array>(
      own.map((path) => [`${clusterDirectory}/${path}`, readFileSync(join(directory, path))]),
    )
    repository.set(`${clusterDirectory}/network.yaml`, network.replace(writtenRelease, `$1${release}`))
    return {
      name: `${system}/${name} ${release}`,
      release,
      clusterDirectory,
      repository,
      reader: textRepository(repository),
      facts: factsOf(directory),
      expectedFile: join(directory, 'expected', `${release}.txt`),
    }
  })
}

function releasesOf(directory: string, written: string): readonly string[] {
  const list = join(directory, 'releases.txt')
  return existsSync(list) ? readFileSync(list, 'utf8').trim().split('\n') : [written]
}

function factsOf(directory: string): Facts {
  const file = join(directory, 'capture.yaml')
  if (!existsSync(file)) return assumedFacts
  const read = readCapture('capture.yaml', readFileSync(file))
  if (!read.ok) throw new Error(`${file}: ${JSON.stringify(read.error)}`)
  return read.value.facts
}

function directoriesIn(directory: string): readonly string[] {
  return readdirSync(directory, { withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort()
}
