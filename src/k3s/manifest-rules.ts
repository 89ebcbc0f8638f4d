/**
 * How K3s' deploy controller reads a file name in the manifests directory. Names are relative to it: `sub/lan.yaml`.
 * @see k3s-io/k3s pkg/deploy/controller.go (1.36)
 */

const manifestExtension = /\.(yaml|yml|json)$/i

/** Deployed at all: not hidden, and one of the three extensions (case-insensitive since 1.21.0). */
export function isDeployable(name: string): boolean {
  return !baseName(name).startsWith('.') && manifestExtension.test(name)
}

/** `x.yaml.skip` anywhere keeps K3s from applying every `x.yaml`. */
export function isSkipMarker(name: string): boolean {
  return name.endsWith('.skip') && manifestExtension.test(name.slice(0, -'.skip'.length))
}

/** The Addon of a file: its base name up to the first dot, whatever directory it is in. */
export function addonName(name: string): string {
  return baseName(name).split('.')[0] ?? ''
}

/** What the API server accepts as an Addon's name (RFC 1123 label or subdomain without dots). */
export function isValidAddonName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)
}

/**
 * The item of the `disable` list that makes K3s prune and delete this file; undefined when none does. An item matches a
 * base name without its last extension at any depth, or the first directories of the path.
 */
export function disabledBy(name: string, disabled: readonly string[]): string | undefined {
  const stem = manifestExtension.test(name) ? baseName(name).replace(manifestExtension, '') : undefined
  // An empty item would match every file below the directory (K3s prunes everything then); it never counts here.
  return disabled.find((item) => item !== '' && (item === stem || name.startsWith(`${item}/`)))
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
