import type { LintSubject } from '../../../src/lint/subject.ts'
import { node, type settings, subject } from '../../lab/lint-subject.ts'

export type Values = Parameters<typeof settings>[0]

export const server = (values: Values, version: string): LintSubject =>
  subject({ version, nodes: [node({ settings: values })] })
export const agent = (values: Values, version: string): LintSubject =>
  subject({ version, nodes: [node({ name: 'pi-2', role: 'agent', settings: values })] })
export const backend = (name: string, version: string): LintSubject => server({ 'flannel-backend': name }, version)
