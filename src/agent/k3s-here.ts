import { effectiveSettings, scalarOf } from '../k3s/config/effective-settings.ts'
import { dataDirectoryOf } from '../reconcile/machine-places.ts'
import { readNodeConfig } from '../reconcile/read-node-config.ts'
import type { Machine } from './this-machine.ts'

/** What the files of this machine's K3s say that an agent needs to reach its API. */
export interface K3sHere {
  /** On this disk. */
  readonly dataDirectory: string
  readonly kubeletKubeconfig: string
  /** The server that this one joined by. */
  readonly configured: readonly string[]
  readonly datastore: string | undefined
  /** `node-name`, as K3s has it: in small letters. */
  readonly nodeName: string | undefined
}

export async function readK3sHere({ host, root }: Machine, signal: AbortSignal): Promise<K3sHere> {
  const files = [...(await host.readConfigFiles(signal)).values()]
  const texts = files.flatMap(({ path, text }) => (text === undefined ? [] : [[path, text] as const]))
  const { reading } = readNodeConfig({ files: new Map(texts), hideLines: true })
  const told = effectiveSettings(reading)
  const dataDirectory = `${root === '/' ? '' : root}${dataDirectoryOf(reading)}`
  const server = scalarOf(told, 'server')?.text
  const nodeName = scalarOf(told, 'node-name')?.text
  return {
    dataDirectory,
    kubeletKubeconfig: `${dataDirectory}/agent/kubelet.kubeconfig`,
    configured: server === undefined || server === '' ? [] : [server],
    datastore: scalarOf(told, 'datastore-endpoint')?.text,
    nodeName: nodeName === undefined || nodeName === '' ? undefined : nodeName.toLowerCase(),
  }
}
