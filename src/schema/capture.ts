import * as z from 'zod'
import type { Capture } from '../domain/capture.ts'
import { asRecord } from '../domain/plain-json.ts'
import type { Problem } from '../domain/problem.ts'
import { type Result, refusal, success } from '../domain/result.ts'
import { sha256Hex } from '../text/digest.ts'
import { documentOptions, readYaml, type YamlDocument, type YamlOptions } from '../text/yaml-source.ts'
import { dnsLabel, dnsSubdomain } from './value-forms.ts'

const shortText = z.string().max(1_024)
const hexDigest = z.string().regex(/^[0-9a-f]{64}$/)
const absolutePath = z.string().regex(/^(\/[^/\p{Cc}]{1,255})+$/u)
const labels = z.record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9./_-]{0,316}$/), z.string().max(63))
const isoTime = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/)

const annotations = z.record(z.string().max(512), z.string().max(262_144))
const protocol = z.enum(['TCP', 'UDP', 'SCTP'])
const portNumber = z.int().min(0).max(65_535)

const node = z.strictObject({
  name: dnsSubdomain,
  role: z.enum(['server', 'agent']),
  labels: labels.default({}),
  addresses: z.array(shortText).default([]),
  externalAddresses: z.array(shortText).exactOptional(),
  annotations: annotations.exactOptional(),
  podCIDRs: z.array(shortText).max(2).exactOptional(),
  taints: z
    .array(
      z.strictObject({
        key: shortText,
        value: shortText.exactOptional(),
        effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
      }),
    )
    .exactOptional(),
  isReady: z.boolean().exactOptional(),
  operatingSystem: z.enum(['linux', 'windows']).exactOptional(),
  k3sVersion: shortText.exactOptional(),
})

const service = z.strictObject({
  namespace: dnsLabel,
  name: dnsLabel,
  type: shortText,
  labels: labels.default({}),
  uid: shortText.exactOptional(),
  createdAt: shortText.exactOptional(),
  annotations: annotations.exactOptional(),
  clusterIP: shortText.exactOptional(),
  ports: z
    .array(
      z.strictObject({
        protocol,
        port: portNumber,
        nodePort: portNumber.exactOptional(),
        name: shortText.exactOptional(),
      }),
    )
    .exactOptional(),
  ipFamilies: z.array(z.union([z.literal(4), z.literal(6)])).exactOptional(),
  externalTrafficPolicy: z.enum(['Cluster', 'Local']).exactOptional(),
  allocateLoadBalancerNodePorts: z.boolean().exactOptional(),
  loadBalancerClass: shortText.exactOptional(),
  loadBalancerIP: shortText.exactOptional(),
  externalIPs: z.array(shortText).exactOptional(),
  loadBalancerSourceRanges: z.array(shortText).exactOptional(),
  endpointNodes: z.array(shortText).exactOptional(),
  statusAddresses: z.array(shortText).exactOptional(),
  isDeleting: z.boolean().exactOptional(),
})

const hostPortPod = z.strictObject({
  namespace: dnsLabel,
  name: dnsSubdomain,
  node: shortText.exactOptional(),
  ports: z.array(z.strictObject({ protocol, port: portNumber, address: shortText.exactOptional() })),
  servicelbOf: shortText.exactOptional(),
  isReady: z.boolean().exactOptional(),
})

const servicelbDaemonSet = z.strictObject({ service: shortText, nodeSelector: labels })

const kubernetesObject = z.looseObject({
  apiVersion: shortText,
  kind: shortText.refine((kind) => kind !== 'Secret'),
  metadata: z.looseObject({
    name: shortText,
    namespace: shortText.exactOptional(),
    labels: z.record(z.string(), z.string()).exactOptional(),
    annotations: z.record(z.string(), z.string()).exactOptional(),
  }),
})

const file = z.strictObject({
  path: absolutePath,
  type: z.enum(['file', 'directory', 'symlink', 'other']),
  mode: z.int().min(0).max(0o7777),
  text: z.string().exactOptional(),
  digest: hexDigest.exactOptional(),
})

const entry = z.strictObject({
  path: absolutePath,
  digest: hexDigest,
  revision: shortText,
  class: z.enum(['program', 'packaged']),
})

const captureSchema = z.strictObject({
  apiVersion: z.literal('fairlead.dev/v1alpha1'),
  kind: z.literal('Capture'),
  metadata: z.strictObject({ name: dnsSubdomain, capturedAt: isoTime, fairleadVersion: shortText }),
  facts: z.strictObject({
    origin: z.literal('capture'),
    nodes: z.array(node).min(1).max(20_000),
    hasAllNodes: z.literal(true).exactOptional(),
    services: z.array(service).max(50_000).default([]),
    hostPortPods: z.array(hostPortPod).max(200_000).exactOptional(),
    servicelbDaemonSets: z.array(servicelbDaemonSet).max(50_000).exactOptional(),
    objects: z.array(kubernetesObject).max(100_000).exactOptional(),
  }),
  observations: z.record(dnsSubdomain, z.strictObject({ files: z.array(file) })).default({}),
  inventories: z.record(dnsSubdomain, z.strictObject({ entries: z.array(entry) })).default({}),
})

/** A machine wrote it, so it may be large; nobody gains from aliases in it. */
const captureOptions: YamlOptions = {
  ...documentOptions,
  maxBytes: 64 * 1024 * 1024,
  maxDepth: 64,
  maxTokens: 4_000_000,
  maxAliasedValues: 0,
  refuseAmbiguous: false,
  hideLines: true,
}

/**
 * A capture file, YAML or JSON. Lines of it are never shown in problems: they may be anything that was on a machine.
 * @param name of the file, for the places of problems
 */
export function readCapture(name: string, input: Uint8Array): Result<Capture, readonly Problem[]> {
  const { documents, problems } = readYaml(name, input, captureOptions)
  const errors = problems.filter((problem) => problem.severity === 'error')
  if (errors.length > 0) return refusal(errors)
  const [document] = documents
  if (document === undefined) return refusal([problemAt(undefined, name, [], 'the file is empty')])
  const other = otherKind(document.value)
  if (other !== undefined) return refusal([noCapture(document, name, other)])
  const parsed = captureSchema.safeParse(document.value)
  if (!parsed.success) return refusal(parsed.error.issues.flatMap((issue) => problemsOf(issue, document, name)))
  const twice = nodesTwice(parsed.data.facts.nodes)
  if (twice.length > 0) return refusal(twice.map((told) => problemAt(document, name, told.path, told.what)))
  return success({ ...parsed.data, observations: withDigests(parsed.data.observations) })
}

/** Of another file everything is wrong at once, which is one mistake. */
function otherKind(value: unknown): string | undefined {
  const { apiVersion, kind } = asRecord(value)
  if (kind === 'Capture' && apiVersion === 'fairlead.dev/v1alpha1') return undefined
  const isNamed = typeof kind === 'string' && /^[A-Za-z]{1,63}$/.test(kind)
  if (!isNamed) return 'says no kind'
  return kind === 'Capture' ? 'is a Capture of another version' : `is a ${kind}`
}

function noCapture(document: YamlDocument, name: string, what: string): Problem {
  return {
    ...problemAt(document, name, ['kind'], `the file ${what}, and no Capture of fairlead.dev/v1alpha1`),
    fix: 'name a file that fairlead capture wrote',
  }
}

/** Where the capture left the digest to us, it is that of the text. */
function withDigests(observations: Capture['observations']): Capture['observations'] {
  return Object.fromEntries(
    Object.entries(observations).map(([name, { files }]) => [
      name,
      { files: files.map((one) => (one.text === undefined ? one : { ...one, digest: sha256Hex(one.text) })) },
    ]),
  )
}

function nodesTwice(nodes: readonly { readonly name: string }[]) {
  const seen = new Set<string>()
  return nodes.flatMap(({ name }, index) => {
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    return [{ path: ['facts', 'nodes', index, 'name'], what: `node ${JSON.stringify(name)} is listed twice` }]
  })
}

function problemsOf(issue: z.core.$ZodIssue, document: YamlDocument, name: string): Problem[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol')
  const at = (told: string): Problem[] => [problemAt(document, name, path, told)]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      problemAt(document, name, [...path, key], `there is no field ${JSON.stringify(key)}`),
    )
  }
  if (issue.code === 'invalid_value') return at(`${show(path)} is none of ${issue.values.map(String).join(', ')}`)
  if (issue.code === 'invalid_type') return at(`${show(path)} is missing, or no ${issue.expected}`)
  return at(`${show(path)} does not have the form it should have`)
}

function show(path: readonly (string | number)[]): string {
  return path.length === 0 ? 'the document' : path.join('.')
}

function problemAt(
  document: YamlDocument | undefined,
  name: string,
  path: readonly (string | number)[],
  what: string,
): Problem {
  return {
    code: 'CAPTURE_INVALID',
    severity: 'error',
    place: document?.keyPlace(path).place ?? { file: name, line: 1, column: 1 },
    what,
    why: 'a plan is only as true as the capture it is made from, so it is read strictly',
    fix: 'take the capture again with this version of Fairlead',
  }
}
