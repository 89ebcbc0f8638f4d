import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Path from the project's root → content. */
export type GeneratedFiles = ReadonlyMap<string, string>

/** Files below `root` that are missing or differ, and those of `folder` that nothing generates any more; as paths from it. */
export function staleIn(root: string, files: GeneratedFiles, folder?: string): readonly string[] {
  const differing = [...files].filter(([path, text]) => textIfThere(join(root, path)) !== text).map(([path]) => path)
  const there = folder === undefined ? [] : namesIn(join(root, folder)).map((name) => `${folder}/${name}`)
  return [...differing, ...there.filter((path) => !files.has(path))].toSorted()
}

/**
 * Writes what is stale. With `--check` it writes nothing and ends with 1 when something is. Any other argument ends it with 64,
 * and writes nothing.
 * @param script by which it is called, for what it says
 */
export function writeOrCheck(script: string, files: GeneratedFiles, folder?: string): void {
  const root = join(import.meta.dirname, '..')
  const [, , ...words] = process.argv
  const unknown = words.find((word) => word !== '--check')
  if (unknown !== undefined) {
    console.error(`unknown argument ${JSON.stringify(unknown)}; usage: node ${script} [--check]`)
    process.exitCode = 64
    return
  }
  for (const path of staleIn(root, files, folder)) {
    if (words.length > 0) {
      console.error(`${path} is stale; run: node ${script}`)
      process.exitCode = 1
    } else {
      writeGenerated(join(root, path), files.get(path))
      console.log(files.has(path) ? `wrote ${path}` : `removed ${path}`)
    }
  }
}

function writeGenerated(path: string, text: string | undefined): void {
  if (text === undefined) {
    rmSync(path)
    return
  }
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function textIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
