import { openGitSource } from '../adapters/git/git-source.ts'
import type { ReconcilerPorts } from '../reconcile/reconciler.ts'
import { repositorySource } from '../reconcile/repository-source.ts'
import type { Settings } from '../settings.ts'
import { gitOptions } from './git-options.ts'
import { type Machine, machineFacts } from './this-machine.ts'

/**
 * The program of this node as the repository makes it. Loaded only where there is one: the compiler and Git take more
 * memory than everything else that an agent needs.
 * @param url the demo's own repository; that of the settings when undefined
 */
export function openRepositoryProgram(
  settings: Settings,
  { stateDirectory, log }: Machine,
  node: string,
  url: string | undefined,
): Pick<ReconcilerPorts, 'source' | 'git'> {
  const git = openGitSource(gitOptions(settings, url, stateDirectory, log))
  const facts = machineFacts({ ...settings, node }, { hostName: node, workingDirectory: '/' })
  return { source: repositorySource({ cluster: settings.cluster, facts, node }, git, log), git }
}
