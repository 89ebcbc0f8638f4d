import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ChildServer, startChild } from '../../cluster/child-server.ts'
import { createTestRepository, type TestRepository } from '../../lab/git-client.ts'

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

export interface ControllerPlaces {
  readonly directory: string
  readonly repository: TestRepository
}

export async function controllerPlaces(directory: string): Promise<ControllerPlaces> {
  return { directory, repository: await createTestRepository(directory) }
}

/** `fairlead controller` as it is installed: a process of its own, from the sources. */
export function startControllerProcess(
  { directory, repository }: ControllerPlaces,
  kubeconfig: string,
  name = 'controller',
): ChildServer {
  const flags = {
    '--git-url': repository.bare,
    '--root': join(directory, name),
    '--cluster': 'home',
    '--kubeconfig': kubeconfig,
    '--node': name,
    '--interval': '1s',
    '--listen': 'off',
    '--log-format': 'json',
  }
  return startChild(
    process.execPath,
    [main, 'controller', ...Object.entries(flags).flat()],
    join(directory, `${name}.log`),
  )
}
