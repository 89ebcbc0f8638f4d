import { lstat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { exitCode } from '../domain/exit-code.ts'
import type { Command } from './command.ts'
import { fileFailure, makeDirectories } from './file-failure.ts'
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
    await makeDirectories(dirname(destination))
    try {
      await writeFile(destination, text, { flag: 'wx' })
    } catch (cause) {
      throw fileFailure(cause, 'write', destination)
    }
  }
  terminal.out.write(`${files.size} files written to ${printable(target)}\n`)
  terminal.err.write(nextSteps(printable(relative(terminal.workingDirectory, target)), await isInWorkTree(target)))
  return exitCode.done
}

async function existing(target: string, paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => ((await lstat(join(target, path)).catch(() => undefined)) === undefined ? [] : [path])),
  )
  return found.flat()
}

/** `.git` is a directory, and a file in work trees beside the first. */
async function isInWorkTree(directory: string): Promise<boolean> {
  if ((await lstat(join(directory, '.git')).catch(() => undefined)) !== undefined) return true
  const above = dirname(directory)
  return above !== directory && (await isInWorkTree(above))
}

/** @param directory from here, empty when it is here */
function nextSteps(directory: string, isInWorkTree: boolean): string {
  const commit = `${isInWorkTree ? '' : 'git init && '}git add -A && git commit`
  return `
Next:
${directory === '' ? '' : `  cd ${directory}\n`}  fairlead validate                      what is wrong with it, if anything
  fairlead render --cluster home         what it makes of every node
  ${commit.padEnd(36)}   then push it, and on the server:
  fairlead adopt --git-url <url> --cluster home
  fairlead run --git-url <url> --cluster home
`
}
