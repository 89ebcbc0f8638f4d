import type { CommandSpec } from './command.ts'
import { clusterVerbs } from './verbs/cluster-verbs.ts'
import { machineVerbs } from './verbs/machine-verbs.ts'
import { nodeVerbs } from './verbs/node-verbs.ts'
import { repositoryVerbs } from './verbs/repository-verbs.ts'
import { toolVerbs } from './verbs/tool-verbs.ts'

/** Every verb; each is one file, loaded when it is called. In this order they are listed. */
export const commands: readonly CommandSpec[] = [
  ...repositoryVerbs,
  ...machineVerbs,
  ...nodeVerbs,
  ...clusterVerbs,
  ...toolVerbs(() => commands),
]
