import type { KubernetesObject } from '../../domain/facts.ts'

const column = (name: string): object => ({
  name: `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
  type: 'string',
  jsonPath: `.spec.${name}`,
})

/**
 * The kind Addon, for a cluster in which no K3s has made it: the same names, columns and fields, with a structural schema.
 * Releases of 2022 and 2023 keep a list in `status`, which stays as it is.
 * @see k3s-io/api k3s.cattle.io/v1/types.go; k3s-packaged-components §2.8
 */
export const addonDefinition: KubernetesObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'addons.k3s.cattle.io' },
  spec: {
    group: 'k3s.cattle.io',
    scope: 'Namespaced',
    names: { kind: 'Addon', listKind: 'AddonList', plural: 'addons', singular: 'addon' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        additionalPrinterColumns: [column('source'), column('checksum')],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A file of the manifests directory, as it was applied last.',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  source: { type: 'string', nullable: true, description: 'Path of the file.' },
                  checksum: {
                    type: 'string',
                    nullable: true,
                    description: 'SHA-256 of what was applied last, in hex.',
                  },
                },
              },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
}
