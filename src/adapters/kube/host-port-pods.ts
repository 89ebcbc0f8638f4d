import type { HostPortPod } from '../../domain/facts.ts'
import { asList, asRecord, type Json, known, numberIn, textIn, textMapIn } from '../../domain/plain-json.ts'
import { protocolIn } from '../../k3s/service-spec.ts'
import { isReady } from './node-facts.ts'
import { serviceOf } from './servicelb-daemon-sets.ts'

/** Pods that have ended hold no ports any more. */
export const livingPods = 'status.phase!=Succeeded,status.phase!=Failed'

/** A pod that takes ports of its node; undefined for every other one. */
export function hostPortPod(pod: Json): HostPortPod | undefined {
  const metadata = asRecord(pod['metadata'])
  const spec = asRecord(pod['spec'])
  const status = asRecord(pod['status'])
  const [namespace, name] = [textIn(metadata['namespace']), textIn(metadata['name'])]
  if (namespace === undefined || name === undefined) return undefined
  const ports = portsOf(spec)
  if (ports.length === 0) return undefined
  return known<HostPortPod>({
    namespace,
    name,
    node: textIn(spec['nodeName']),
    ports,
    servicelbOf: serviceOf(textMapIn(metadata['labels']), namespace),
    isReady: isReady(status['conditions']),
  })
}

/** The API writes the container port as host port of pods in the host's network. */
function portsOf(spec: Json): HostPortPod['ports'] {
  // A container that starts first and stays has ports for as long as the pod lives.
  const sidecars = asList(spec['initContainers']).filter((one) => asRecord(one)['restartPolicy'] === 'Always')
  return [...asList(spec['containers']), ...sidecars]
    .flatMap((container) => asList(asRecord(container)['ports']))
    .map(asRecord)
    .flatMap(({ hostPort, hostIP, protocol }) => {
      const port = numberIn(hostPort) ?? 0
      return port === 0 ? [] : [known({ protocol: protocolIn(protocol), port, address: textIn(hostIP) })]
    })
}
