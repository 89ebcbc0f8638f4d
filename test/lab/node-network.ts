import type { NodeNetwork } from '../../src/schema/documents.ts'
import { nodeNetworkSchema } from '../../src/schema/node-network.ts'

/** A checked NodeNetwork from the parts of `spec` that a test is about. */
export function nodeNetwork(name: string, spec: Readonly<Record<string, unknown>>): NodeNetwork {
  return nodeNetworkSchema.parse({
    apiVersion: 'fairlead.dev/v1alpha1',
    kind: 'NodeNetwork',
    metadata: { name },
    spec,
  })
}
