import { execFileSync } from 'node:child_process'

const program = 'kubectl'

/** What kubectl says to these words; what it refuses is an error with its own. */
export function kubectl(kubeconfig: string, words: readonly string[], input = ''): string {
  const stdio: ['pipe', 'pipe', 'pipe'] = ['pipe', 'pipe', 'pipe']
  return execFileSync(program, [`--kubeconfig=${kubeconfig}`, ...words], { input, stdio, encoding: 'utf8' })
}
