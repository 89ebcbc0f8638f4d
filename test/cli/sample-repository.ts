import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export const network = `apiVersion: fairlead.dev/v1alpha1
kind: ClusterNetwork
metadata:
  name: home
spec:
  k3sVersion: v1.33.4+k3s1
  components:
    coredns:
      custom:
        lan.server: |
          lan:53 {
              forward . 192.168.1.1
          }
`

export const manifests = '/var/lib/rancher/k3s/server/manifests'
export const flags = '/etc/rancher/k3s/config.yaml.d/90-fairlead.yaml'

/** A checkout of one small cluster, with these files over it. */
export function writeTree(directory: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  return directory
}

/** A temporary directory with a checkout in `repo` and an empty machine in `root`. */
export function sampleWorld(files: Readonly<Record<string, string>> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-cli-'))
  const repo = writeTree(join(directory, 'repo'), { 'clusters/home/network.yaml': network, ...files })
  const root = join(directory, 'root')
  mkdirSync(root)
  return { directory, repo, root }
}
