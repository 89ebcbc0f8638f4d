import { spawn } from 'node:child_process'
import { newNamespace } from '../../test/netns/namespace.ts'

/**
 * Runs a script in a network namespace of its own, so that what it measures starts programs as Fairlead does, with
 * nothing between. What it prints on stdout is JSON.
 * @param script absolute path
 */
export async function runInNamespace<T>(script: string, ...args: readonly string[]): Promise<T> {
  const ns = await newNamespace('bench')
  try {
    const child = spawn('ip', ['netns', 'exec', ns.name, process.execPath, script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8')
    })
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    if (code !== 0) throw new Error(`${script} ${args.join(' ')} ended with ${code}`)
    return JSON.parse(out) as T
  } finally {
    await ns.down()
  }
}
