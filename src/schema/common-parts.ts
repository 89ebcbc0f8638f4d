import * as z from 'zod'
import { exactlyOne } from './rules.ts'
import { configMapKey, dnsLabel, dnsSubdomain, flagName, labels } from './value-forms.ts'

export const metadata = z
  .strictObject({
    name: dnsSubdomain.describe('Name of the document, unique among its kind in the cluster directory.'),
  })
  .describe('Identity of the document.')

export const nodeSelector = z
  .strictObject({
    names: z.array(dnsSubdomain).min(1).optional().describe('Nodes by name.'),
    matchLabels: labels.optional().describe('Nodes that carry all of these labels.'),
  })
  .check(exactlyOne('names', 'matchLabels'))

export const serviceReference = z.strictObject({
  namespace: dnsLabel.describe('Namespace of the Service.'),
  name: dnsLabel.describe('Name of the Service.'),
})

/** Keys of K3s's config.yaml, as K3s takes them: text, numbers, switches and lists. Which exist is a matter of the release. */
export function k3sFlags(what: string) {
  const scalar = z.union([z.string(), z.int(), z.boolean()])
  return z
    .record(flagName, z.union([scalar, z.array(scalar)]))
    .default({})
    .describe(what)
}

export const secretValues = z
  .array(
    z.strictObject({
      secretName: dnsSubdomain.describe("Secret in the chart's namespace, made by other means."),
      keys: z.array(configMapKey).min(1).describe('Keys of it that hold values files; K3s reads no other.'),
    }),
  )
  .default([])
  .describe('Secrets that hold further values (K3s releases since early 2025).')
