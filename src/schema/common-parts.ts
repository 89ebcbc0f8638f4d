import { z } from 'zod'
import { exactlyOne } from './rules.ts'
import { dnsLabel, dnsSubdomain, labels } from './value-forms.ts'

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
