/** Stands in every place of the cluster and of its machine where a secret may stand. */
export const canary = 'CANARY-1f6d2c'

/** Of `server-1`, with the same flags that its Node is annotated with. */
export const serverFiles: Readonly<Record<string, string>> = {
  'etc/hostname': 'server-1\n',
  'etc/rancher/k3s/config.yaml': `token: ${canary}
cluster-cidr: 10.52.0.0/16
service-cidr: 10.43.0.0/16
cluster-dns: 10.43.0.10
flannel-backend: host-gw
disable:
  - local-storage
node-ip: 192.168.1.10
`,
  'etc/systemd/system/k3s.service':
    '[Service]\nEnvironmentFile=-/etc/systemd/system/k3s.service.env\nExecStart=/usr/local/bin/k3s server\n',
  'etc/systemd/system/k3s.service.env': `K3S_DATASTORE_ENDPOINT=mysql://k3s:${canary}@tcp(db)/k3s\n`,
  'usr/local/bin/k3s': 'a binary',
  'var/lib/rancher/k3s/server/manifests/lan.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: coredns-custom
  namespace: kube-system
data:
  lan.server: |
    lan.example:53 {
        forward . 192.168.1.1
    }
`,
  'var/lib/rancher/k3s/server/manifests/credentials.yaml': `apiVersion: v1
kind: Secret
metadata: { name: upstream, namespace: kube-system }
stringData: { password: ${canary} }
`,
  'var/lib/rancher/k3s/server/manifests/chart.yaml': `apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata: { name: app, namespace: kube-system }
spec:
  valuesContent: |-
    env:
      - { name: APP_TOKEN, value: ${canary} }
`,
}

/** As K3s annotates its Node with them. */
export const serverArguments = [
  'server',
  '--token',
  canary,
  '--cluster-cidr',
  '10.52.0.0/16',
  '--service-cidr',
  '10.43.0.0/16',
  '--cluster-dns',
  '10.43.0.10',
  '--flannel-backend',
  'host-gw',
  '--disable',
  'local-storage',
  '--node-ip',
  '192.168.1.10',
]
