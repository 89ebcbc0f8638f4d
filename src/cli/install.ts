import { exitCode } from '../domain/exit-code.ts'
import type { KubernetesObject } from '../domain/facts.ts'
import { installationObjects } from '../render/install/installation-objects.ts'
import { fairleadCrds } from '../schema/api/crds.ts'
import type { Command } from './command.ts'
import { installationOf } from './installation-options.ts'
import { formatStructured } from './structured-output.ts'

/** Prints what makes a Fairlead of a cluster, for `kubectl apply` or a repository of manifests; or applies it. */
export const installCommand: Command = async (call) => {
  const { options, terminal } = call
  const installation = installationOf(call)
  const isWhole = options['crds-only'] !== true
  const objects = [...fairleadCrds(installation.version), ...(isWhole ? installationObjects(installation) : [])]
  if (isWhole && installation.gitUrl === undefined) {
    terminal.err.write(
      'fairlead: no --git-url: the controller will not start before its ConfigMap names a repository\n',
    )
  }
  if (options['apply'] === true) {
    if (!isWhole) {
      terminal.err.write('fairlead: install: --apply is for the whole installation, --crds-only prints\n')
      return exitCode.badUsage
    }
    return (await import('./install-apply.ts')).applyInstallationTo(call, objects)
  }
  terminal.out.write(printObjects(objects))
  return exitCode.done
}

/** One document for each, fields in the order in which Kubernetes shows them; the same objects give the same bytes. */
export function printObjects(objects: readonly KubernetesObject[]): string {
  return objects.map((object) => `---\n${formatStructured(object, 'yaml')}`).join('')
}
