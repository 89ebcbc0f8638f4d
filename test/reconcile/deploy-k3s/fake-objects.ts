import { Failure } from '../../../src/domain/failure.ts'
import { addonKind } from '../../../src/plan/deploy/addon.ts'
import { markObject } from '../../../src/plan/deploy/object-marks.ts'
import type { Deletion, KubeObjectsPort, LiveObject, ObjectRef } from '../../../src/ports/kube-objects-port.ts'

/** An object as the deploy controller leaves it. */
export function deployed(
  addon: string,
  kind: string,
  name: string,
  metadata: Record<string, unknown> = {},
): LiveObject {
  const marked = markObject({ metadata: { name, namespace: 'default' } }, addon)['metadata'] as LiveObject['metadata']
  const labels = { ...marked.labels, ...(metadata['labels'] as object | undefined) }
  return { apiVersion: 'v1', kind, metadata: { ...marked, uid: name, resourceVersion: '1', ...metadata, labels } }
}

export function kubeFailure(code: string): Failure {
  return new Failure(`the server says ${code}`, { code, where: 'test', fix: 'none', retry: 'soon' })
}

/** Objects of a cluster, as far as removals look at them: listed by label, deleted by uid. */
export class FakeObjects implements Pick<KubeObjectsPort, 'list' | 'delete' | 'patch'> {
  readonly deleted: string[] = []
  readonly patched: (readonly [string, unknown])[] = []
  /** By `kind` or `kind name`: what the server answers instead. */
  readonly refusals = new Map<string, string>()
  #objects: readonly LiveObject[]

  constructor(...objects: readonly LiveObject[]) {
    this.#objects = objects
  }

  list: KubeObjectsPort['list'] = ({ apiVersion, kind, labelSelector = '' }) => {
    this.#refuse(kind)
    const [label = '', value] = labelSelector.split('=')
    const items = this.#objects.filter(
      (one) => one.apiVersion === apiVersion && one.kind === kind && one.metadata.labels?.[label] === value,
    )
    return Promise.resolve({ items, resourceVersion: '1' })
  }

  delete: KubeObjectsPort['delete'] = (ref: ObjectRef): Promise<Deletion> => {
    const shown = `${ref.kind} ${ref.name}`
    try {
      this.#refuse(shown)
    } catch (error) {
      return Promise.reject(error as Error)
    }
    this.deleted.push(shown)
    this.#objects = this.#objects.filter(({ kind, metadata }) => kind !== ref.kind || metadata.name !== ref.name)
    return Promise.resolve('deleted')
  }

  patch: KubeObjectsPort['patch'] = (ref, _form, patch) => {
    const shown = `${ref.kind} ${ref.name}`
    try {
      this.#refuse(shown)
    } catch (error) {
      return Promise.reject(error as Error)
    }
    this.patched.push([shown, patch])
    return Promise.resolve(deployed(ref.name, ref.kind, ref.name))
  }

  get addonsDeleted(): readonly string[] {
    return this.deleted.filter((one) => one.startsWith(`${addonKind.kind} `))
  }

  #refuse(what: string): void {
    const code = this.refusals.get(what)
    if (code !== undefined) throw kubeFailure(code)
  }
}
