import * as z from 'zod'
import type { KubernetesObject } from '../../domain/facts.ts'
import { fairleadApiVersion, fairleadKinds } from '../../domain/fairlead-api.ts'
import { jsonSchema } from '../json-schema.ts'
import { publishedProgramForm } from '../program/published-program.ts'
import { clusterNetworkStatusForm, nodeProgramStatusForm } from './status-forms.ts'
import { type StructuralSchema, structuralSchema, type WrittenSchema } from './structural-schema.ts'

interface KindDefinition {
  readonly kind: string
  readonly plural: string
  readonly shortName: string
  readonly description: string
  /** Of the object's fields beside `apiVersion`, `kind` and `metadata`. */
  readonly fields: Readonly<Record<string, StructuralSchema>>
  readonly columns: readonly PrinterColumn[]
}

interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly jsonPath: string
  /** 1: only with `-o wide`. */
  readonly priority?: 1
}

/** Annotation of a definition: the release of Fairlead that it is of. An older one leaves it as it is. */
export const releaseAnnotation = 'fairlead.dev/version'

/**
 * The kinds of Fairlead as a server is told about them, sorted by name: the same objects every time.
 * @param release of Fairlead, to mark them with
 */
export function fairleadCrds(release?: string): readonly KubernetesObject[] {
  return [clusterNetwork(), nodeProgram(), programContent()].map((definition) => definitionOf(definition, release))
}

function clusterNetwork(): KindDefinition {
  const spec = jsonSchema('ClusterNetwork').properties?.['spec'] ?? {}
  return {
    kind: fairleadKinds.clusterNetwork.kind,
    plural: 'clusternetworks',
    shortName: 'fcn',
    description:
      'The network of the cluster. spec is a copy of network.yaml in the repository, with everything that it extends: what is edited here is put back. status says what the controller did.',
    fields: { spec: asOneValue(structuralSchema(spec as WrittenSchema)), status: fromForm(clusterNetworkStatusForm) },
    columns: [
      { name: 'Ready', type: 'string', jsonPath: readyCondition('status') },
      { name: 'Revision', type: 'string', jsonPath: '.status.observedRevision' },
      { name: 'Nodes', type: 'integer', jsonPath: '.status.nodes.total' },
      { name: 'Current', type: 'integer', jsonPath: '.status.nodes.current' },
      { name: 'Waiting', type: 'integer', jsonPath: '.status.nodes.waiting' },
      { name: 'Failed', type: 'integer', jsonPath: '.status.nodes.failed' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      { name: 'Silent', type: 'integer', jsonPath: '.status.nodes.silent', priority: 1 },
      { name: 'Reason', type: 'string', jsonPath: readyCondition('reason'), priority: 1 },
      { name: 'Message', type: 'string', jsonPath: readyCondition('message'), priority: 1 },
    ],
  }
}

function nodeProgram(): KindDefinition {
  return {
    kind: fairleadKinds.nodeProgram.kind,
    plural: 'nodeprograms',
    shortName: 'fnp',
    description:
      'What one node is to do, and how far it is: spec by the controller, signed, and status by the agent of the node. The object has the name of the node.',
    fields: { spec: asOneValue(fromForm(publishedProgramForm)), status: fromForm(nodeProgramStatusForm) },
    columns: [
      { name: 'Verdict', type: 'string', jsonPath: '.status.verdict' },
      { name: 'Ready', type: 'string', jsonPath: readyCondition('status') },
      { name: 'Revision', type: 'string', jsonPath: '.spec.revision.name' },
      { name: 'Sequence', type: 'integer', jsonPath: '.spec.sequence' },
      { name: 'Observed', type: 'integer', jsonPath: '.status.observedSequence' },
      { name: 'Reason', type: 'string', jsonPath: '.status.reason' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      { name: 'K3s', type: 'string', jsonPath: '.status.k3sVersion', priority: 1 },
      { name: 'Agent', type: 'string', jsonPath: '.status.agentVersion', priority: 1 },
      { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
    ],
  }
}

function programContent(): KindDefinition {
  return {
    kind: fairleadKinds.programContent.kind,
    plural: 'programcontents',
    shortName: 'fpc',
    description:
      'A large part of programs, shared by all that hold it and named by its digest. It never changes: another content is another object.',
    fields: { data: { type: 'string', description: 'Text whose SHA-256 is the name of the object.' } },
    columns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
  }
}

/** What somebody else adds to it is theirs no longer than until it is applied again: it has one owner, or none. */
function asOneValue(schema: StructuralSchema): StructuralSchema {
  return { ...schema, 'x-kubernetes-map-type': 'atomic' }
}

function fromForm(form: z.ZodType): StructuralSchema {
  return structuralSchema(z.toJSONSchema(form, { target: 'draft-7', io: 'input' }) as WrittenSchema)
}

function readyCondition(field: string): string {
  return `.status.conditions[?(@.type=="Ready")].${field}`
}

function definitionOf(definition: KindDefinition, release: string | undefined): KubernetesObject {
  const { kind, plural, shortName, fields, description, columns } = definition
  const [group, version] = fairleadApiVersion.split('/')
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { 'app.kubernetes.io/name': 'fairlead', 'app.kubernetes.io/part-of': 'fairlead' },
      ...(release === undefined ? {} : { annotations: { [releaseAnnotation]: release } }),
    },
    spec: {
      group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ['fairlead'],
      },
      scope: 'Namespaced',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', description, properties: { ...headerFields, ...fields } } },
          ...(fields['status'] === undefined ? {} : { subresources: { status: {} } }),
          additionalPrinterColumns: columns,
        },
      ],
    },
  }
}

/** What the server looks after itself, for those who ask it to explain a kind. */
const headerFields: Readonly<Record<string, StructuralSchema>> = {
  apiVersion: { type: 'string', description: `Always ${fairleadApiVersion}.` },
  kind: { type: 'string', description: 'The kind.' },
  metadata: { type: 'object' },
}
