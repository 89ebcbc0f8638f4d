import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RepositoryReader } from '../../src/ports/repository-port.ts'

export const templateRoot = new URL('../../cluster-repo-template', import.meta.url).pathname

/** Every file of the template, with `/`, sorted. */
export function templateFiles(): string[] {
  return readdirSync(templateRoot, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(templateRoot.length + 1))
    .sort()
}

export function readTemplateFile(path: string): string {
  return readFileSync(join(templateRoot, path), 'utf8')
}

/** The template as a repository: what a reader of a checkout would give. */
export const templateReader: RepositoryReader = {
  async readDirectory(directory) {
    return templateFiles()
      .filter((path) => path.startsWith(`${directory}/`))
      .map((path) => {
        const bytes = readFileSync(join(templateRoot, path))
        return { path, type: 'file', sizeBytes: bytes.length, bytes }
      })
  },
}
