/**
 * What the packaged files should be now.
 *
 * `bundle`: no K3s here, our own small set. `pristine`: as the K3s process that runs now staged them. `unknown`: K3s
 * runs, but nobody saw what it staged. `starting`: K3s is not up, or has not finished staging.
 */
export type PackagedTarget =
  | { readonly kind: 'bundle'; readonly files: ReadonlyMap<string, string> }
  | { readonly kind: 'pristine'; readonly files: ReadonlyMap<string, string> }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'starting' }

export function packagedFiles(target: PackagedTarget): ReadonlyMap<string, string> {
  return target.kind === 'bundle' || target.kind === 'pristine' ? target.files : new Map()
}
