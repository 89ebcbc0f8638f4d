import { expect, test } from 'vitest'
import { objectHealth } from '../../../src/plan/objects/object-health.ts'

type Json = Readonly<Record<string, unknown>>

interface Case {
  readonly name: string
  readonly of: readonly [apiVersion: string, kind: string]
  readonly metadata?: Json
  readonly spec?: Json
  readonly status?: Json
  readonly state: string
  readonly says?: string
}

const deployment = ['apps/v1', 'Deployment'] as const
const daemonSet = ['apps/v1', 'DaemonSet'] as const
const statefulSet = ['apps/v1', 'StatefulSet'] as const
const widget = ['example.org/v1', 'Widget'] as const
const condition = (type: string, status: string, reason = '', message = ''): Json => ({ type, status, reason, message })
const rolledOut = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3 }

const cases: readonly Case[] = [
  { name: 'what says nothing about itself', of: ['v1', 'ConfigMap'], state: 'Current' },
  { name: 'being deleted', of: widget, metadata: { deletionTimestamp: '2026-01-02T03:04:05Z' }, state: 'Terminating' },
  {
    name: 'a spec that its controller has not seen',
    of: widget,
    metadata: { generation: 3 },
    status: { observedGeneration: 2, conditions: [condition('Ready', 'True')] },
    state: 'InProgress',
    says: 'generation 2 of 3',
  },
  { name: 'Ready', of: widget, status: { conditions: [condition('Ready', 'True')] }, state: 'Current' },
  {
    name: 'not Ready',
    of: widget,
    status: { conditions: [condition('Ready', 'False', 'Waiting', 'for water')] },
    state: 'InProgress',
    says: 'Ready: Waiting: for water',
  },
  {
    name: 'Stalled wins over Ready',
    of: widget,
    status: { conditions: [condition('Ready', 'True'), condition('Stalled', 'True', 'NoWater')] },
    state: 'Failed',
    says: 'NoWater',
  },
  { name: 'Reconciling', of: widget, status: { conditions: [condition('Reconciling', 'True')] }, state: 'InProgress' },
  { name: 'a Deployment nobody saw', of: deployment, spec: { replicas: 3 }, state: 'InProgress' },
  {
    name: 'a Deployment that is rolled out',
    of: deployment,
    spec: { replicas: 3 },
    status: rolledOut,
    state: 'Current',
  },
  {
    name: 'a Deployment half-way',
    of: deployment,
    spec: { replicas: 3 },
    status: { ...rolledOut, updatedReplicas: 1 },
    state: 'InProgress',
    says: '1 of 3 pods are updated',
  },
  {
    name: 'a Deployment with pods of before',
    of: deployment,
    spec: { replicas: 3 },
    status: { ...rolledOut, replicas: 4 },
    state: 'InProgress',
    says: '1 pods of the former revision',
  },
  {
    name: 'a Deployment that gave up',
    of: deployment,
    spec: { replicas: 3 },
    status: {
      ...rolledOut,
      readyReplicas: 0,
      conditions: [condition('Progressing', 'False', 'ProgressDeadlineExceeded')],
    },
    state: 'Failed',
  },
  {
    name: 'a Deployment of none',
    of: deployment,
    spec: { replicas: 0 },
    status: { observedGeneration: 1 },
    state: 'Current',
  },
  {
    name: 'a DaemonSet of which one pod is missing',
    of: daemonSet,
    status: {
      observedGeneration: 1,
      desiredNumberScheduled: 3,
      currentNumberScheduled: 3,
      updatedNumberScheduled: 3,
      numberAvailable: 2,
      numberReady: 2,
    },
    state: 'InProgress',
    says: '2 of 3 pods are available',
  },
  {
    name: 'a DaemonSet that no node wants',
    of: daemonSet,
    status: { observedGeneration: 1, desiredNumberScheduled: 0 },
    state: 'Current',
  },
  {
    name: 'a StatefulSet that updates from a partition on',
    of: statefulSet,
    spec: { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } },
    status: { observedGeneration: 1, replicas: 3, readyReplicas: 3, updatedReplicas: 1 },
    state: 'Current',
  },
  {
    name: 'a StatefulSet whose pods are deleted by hand',
    of: statefulSet,
    spec: { replicas: 3, updateStrategy: { type: 'OnDelete' } },
    state: 'Current',
  },
  { name: 'a Job that waits', of: ['batch/v1', 'Job'], state: 'InProgress' },
  { name: 'a Job that runs', of: ['batch/v1', 'Job'], status: { startTime: '2026-01-02T03:04:05Z' }, state: 'Current' },
  {
    name: 'a Job that failed',
    of: ['batch/v1', 'Job'],
    status: { startTime: 'x', conditions: [condition('Failed', 'True', 'BackoffLimitExceeded')] },
    state: 'Failed',
  },
  { name: 'a Pod that ended well', of: ['v1', 'Pod'], status: { phase: 'Succeeded' }, state: 'Current' },
  {
    name: 'a Pod that runs and is not ready',
    of: ['v1', 'Pod'],
    status: { phase: 'Running', conditions: [condition('Ready', 'False', 'ContainersNotReady')] },
    state: 'InProgress',
  },
  {
    name: 'a Pod that is ready',
    of: ['v1', 'Pod'],
    status: { phase: 'Running', conditions: [condition('Ready', 'True')] },
    state: 'Current',
  },
  { name: 'a Pod that ended badly', of: ['v1', 'Pod'], status: { phase: 'Failed' }, state: 'Failed' },
  { name: 'a Service of the cluster', of: ['v1', 'Service'], spec: { type: 'ClusterIP' }, state: 'Current' },
  {
    name: 'a LoadBalancer without address',
    of: ['v1', 'Service'],
    spec: { type: 'LoadBalancer' },
    state: 'InProgress',
  },
  {
    name: 'a LoadBalancer with an address',
    of: ['v1', 'Service'],
    spec: { type: 'LoadBalancer' },
    status: { loadBalancer: { ingress: [{ ip: '192.168.1.10' }] } },
    state: 'Current',
  },
  {
    name: 'a claim that waits',
    of: ['v1', 'PersistentVolumeClaim'],
    status: { phase: 'Pending' },
    state: 'InProgress',
  },
  { name: 'a claim that is bound', of: ['v1', 'PersistentVolumeClaim'], status: { phase: 'Bound' }, state: 'Current' },
  { name: 'a namespace', of: ['v1', 'Namespace'], status: { phase: 'Active' }, state: 'Current' },
  {
    name: 'a definition that is not established',
    of: ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
    status: { conditions: [condition('NamesAccepted', 'True')] },
    state: 'InProgress',
  },
  {
    name: 'a definition whose names are taken',
    of: ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
    status: { conditions: [condition('NamesAccepted', 'False', 'PluralConflict')] },
    state: 'Failed',
    says: 'PluralConflict',
  },
]

test.each(cases)('health: $name is $state', ({ of: [apiVersion, kind], metadata, spec, status, state, says = '' }) => {
  const live = { apiVersion, kind, metadata: { name: 'x', ...metadata }, spec, status }
  const health = objectHealth(live)
  expect(health.state).toBe(state)
  expect(health.message).toContain(says)
  expect(health.message === '').toBe(state === 'Current')
})
