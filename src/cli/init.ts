import { lstat, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { exitCode } from '../domain/exit-code.ts'
import type { Command } from './command.ts'
import { fileFailure } from './file-failure.ts'
import { readTemplate } from './package-files.ts'
import { printable } from './printable.ts'

/** Copies the repository template. What exists is never written over: then nothing is written at all. */
export const initCommand: Command = async ({ words, options, terminal }) => {
  const target = resolve(terminal.workingDirectory, words[0] ?? '.')
  const files = readTemplate()
  const taken = await existing(target, [...files.keys()])
  if (taken.length > 0) {
    const list = taken.map((path) => `  ${printable(join(target, path))}\n`).join('')
    terminal.err.write(`fairlead: nothing was written, because this exists already:\n${list}`)
    terminal.err.write('  fix  choose an empty directory, or move these away\n')
    return exitCode.failed
  }
  if (options['dry-run'] === true) {
    for (const path of files.keys()) terminal.out.write(`${printable(join(target, path))}\n`)
    return exitCode.done
  }
  for (const [path, text] of files) {
    const destination = join(target, path)
    try {
      await mkdir(dirname(destination), { recursive: true })
      await writeFile(destination, text, { flag: 'wx' })
    } catch (cause) {
      throw fileFailure(cause, 'write', destination)
    }
  }
  terminal.out.write(`${files.size} files written to ${printable(target)}\n`)
  terminal.err.write(nextSteps(printable(relative(terminal.workingDirectory, target) || '.')))
  return exitCode.done
}

async function existing(target: string, paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => ((await lstat(join(target, path)).catch(() => undefined)) === undefined ? [] : [path])),
  )
  return found.flat()
}

function nextSteps(directory: string): string {
  return `
Next:
  cd ${directory}
  fairlead validate                      what is wrong with it, if anything
  fairlead render --cluster home         what it makes of every node
  git init && git add -A && git commit   then push it, and on the server:
  fairlead adopt --git-url <url> --cluster home
  fairlead run --git-url <url> --cluster home
`
}
