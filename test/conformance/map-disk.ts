import type { ManifestTree, TreeEntry } from '../../src/domain/manifest-tree.ts'

interface DiskFile {
  readonly bytes: Uint8Array
  readonly mtimeNs: bigint
}

/**
 * A manifests directory in memory. Paths are relative to it, or absolute for what links lead to. Every write gets an
 * mtime of its own unless it names one; directories are there because something is in them.
 */
export class MapDisk {
  readonly base = '/var/lib/rancher/k3s/server/manifests'
  readonly #files = new Map<string, DiskFile>()
  readonly #links = new Map<string, { readonly to: string; readonly mtimeNs: bigint }>()
  readonly #directories = new Set<string>()
  #clock = 1_000n
  exists = true

  write(path: string, content: string | Uint8Array, mtimeNs: bigint = this.#tick()): void {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    this.#makeParents(this.#absolute(path))
    this.#files.set(this.#absolute(path), { bytes, mtimeNs })
  }

  touch(path: string): void {
    this.write(path, this.#files.get(this.#absolute(path))?.bytes ?? '')
  }

  link(path: string, to: string): void {
    this.#makeParents(this.#absolute(path))
    this.#links.set(this.#absolute(path), { to, mtimeNs: this.#tick() })
  }

  directory(path: string): void {
    this.#makeParents(`${this.#absolute(path)}/x`)
  }

  has(path: string): boolean {
    const absolute = this.#absolute(path)
    return this.#files.has(absolute) || this.#links.has(absolute) || this.#directories.has(absolute)
  }

  mtimeOf(path: string): bigint {
    return this.#files.get(this.#absolute(path))?.mtimeNs ?? 0n
  }

  /** Type and path of everything below the base, as the recordings list it: `f sub/a.yaml`. */
  listing(): readonly string[] {
    return this.#entriesBelow(this.base).map(({ type, path }) => `${type[0]} ${path}`)
  }

  tree(): ManifestTree {
    if (this.exists)
      return {
        kind: 'read',
        base: this.base,
        entries: this.#entriesBelow(this.base).map((entry) => this.#followed(entry)),
      }
    return { kind: 'missing', base: this.base, message: `lstat ${this.base}: no such file or directory` }
  }

  read(path: string): Uint8Array | string {
    const real = this.#real(path)
    const file = this.#files.get(real)
    if (file !== undefined) return file.bytes
    return this.#directories.has(real) ? `read ${path}: is a directory` : `open ${path}: no such file or directory`
  }

  /** The error where there is one. */
  remove(path: string): string | undefined {
    const absolute = this.#absolute(path)
    if (this.#links.delete(absolute) || this.#files.delete(this.#throughDirectories(absolute))) return undefined
    if (!this.#directories.has(absolute)) return `remove ${path}: no such file or directory`
    if (this.#entriesBelow(absolute).length > 0) return `remove ${path}: directory not empty`
    this.#directories.delete(absolute)
    return undefined
  }

  #followed(entry: TreeEntry): TreeEntry {
    const link = this.#links.get(`${this.base}/${entry.path}`)
    if (link === undefined) return entry
    if (this.#files.has(link.to)) return { ...entry, target: { kind: 'file' } }
    if (!this.#directories.has(link.to)) return { ...entry, target: { kind: 'missing' } }
    return { ...entry, target: { kind: 'directory', realPath: link.to, entries: this.#entriesBelow(link.to) } }
  }

  #entriesBelow(directory: string): readonly TreeEntry[] {
    const below = (path: string): boolean => path.startsWith(`${directory}/`)
    const name = (path: string): string => path.slice(directory.length + 1)
    const found: TreeEntry[] = [
      ...[...this.#files]
        .filter(([path]) => below(path))
        .map(([path, { mtimeNs }]) => ({ path: name(path), type: 'file' as const, mtimeNs })),
      ...[...this.#links]
        .filter(([path]) => below(path))
        .map(([path, { mtimeNs }]) => ({ path: name(path), type: 'link' as const, mtimeNs })),
      ...[...this.#directories]
        .filter(below)
        .map((path) => ({ path: name(path), type: 'directory' as const, mtimeNs: 1n })),
    ]
    // In no order that anybody may rely on.
    return found.sort((a, b) => (a.path < b.path ? 1 : -1))
  }

  #real(path: string): string {
    const absolute = this.#throughDirectories(this.#absolute(path))
    return this.#links.get(absolute)?.to ?? absolute
  }

  #throughDirectories(absolute: string): string {
    const link = [...this.#links].find(([path]) => absolute.startsWith(`${path}/`))
    return link === undefined ? absolute : `${link[1].to}${absolute.slice(link[0].length)}`
  }

  #absolute(path: string): string {
    return path.startsWith('/') ? path : `${this.base}/${path}`
  }

  #makeParents(absolute: string): void {
    const parts = absolute.split('/').slice(0, -1)
    for (let count = 2; count <= parts.length; count++) {
      const directory = parts.slice(0, count).join('/')
      if (!this.base.startsWith(directory)) this.#directories.add(directory)
    }
  }

  #tick(): bigint {
    this.#clock += 1n
    return this.#clock
  }
}
