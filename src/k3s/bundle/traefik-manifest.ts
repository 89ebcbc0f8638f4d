/** Traefik as the demo and machines without K3s stage it; see `coredns-manifest.ts`. */
export const traefikManifest = `# Staged by Fairlead because no K3s is on this machine. Edits are undone; use spec.components.traefik.values.
apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata:
  name: traefik
  namespace: kube-system
spec:
  repo: https://traefik.github.io/charts
  chart: traefik
  version: "34.2.0"
  valuesContent: |-
    priorityClassName: system-cluster-critical
    providers:
      kubernetesIngress:
        publishedService:
          enabled: true
    service:
      ipFamilyPolicy: PreferDualStack
`
