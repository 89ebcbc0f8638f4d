/** Manifests built like those of the projects, with the parts that Fairlead looks at and a few that it must leave alone. */
export const calicoManifest = `---
# What the nodes run as.
apiVersion: v1
kind: ServiceAccount
metadata:
  name: calico-node
  namespace: kube-system
---
kind: ConfigMap
apiVersion: v1
metadata:
  name: calico-config
  namespace: kube-system
data:
  # bird or vxlan
  calico_backend: "bird"
  cni_network_config: |-
    {
      "name": "pods",
      "cniVersion": "0.3.1",
      "plugins": [
        {
          "type": "calico",
          "mtu": __CNI_MTU__,
          "ipam": {
              "type": "calico-ipam"
          },
          "kubernetes": {
              "kubeconfig": "__KUBECONFIG_FILEPATH__"
          }
        },
        {
          "type": "portmap",
          "capabilities": {"portMappings": true}
        }
      ]
    }
---
kind: DaemonSet
apiVersion: apps/v1
metadata:
  name: calico-node
  namespace: kube-system
spec:
  template:
    spec:
      initContainers:
        - name: install-cni
          env:
            - name: CNI_CONF_NAME
              value: "10-calico.conflist"
      containers:
        - name: calico-node
          image: calico/node:v3.30.3 # pinned
          env:
            - name: DATASTORE_TYPE
              value: "kubernetes"
            # How this host is found.
            - name: IP
              value: "autodetect"
            # The pool that is made first.
            # - name: CALICO_IPV4POOL_CIDR
            #   value: "192.168.0.0/16"
            - name: FELIX_IPV6SUPPORT
              value: "false"
            - name: FELIX_HEALTHENABLED
              value: "true"
          securityContext:
            privileged: true
`

export const canalManifest = `apiVersion: v1
kind: ConfigMap
metadata:
  name: canal-config
  namespace: kube-system
data:
  masquerade: "true"
  cni_network_config: |-
    {
      "name": "pods",
      "plugins": [
        {
          "type": "calico",
          "mtu": __CNI_MTU__,
          "ipam": {
              "type": "host-local",
              "subnet": "usePodCidr"
          }
        },
        {"type": "portmap", "capabilities": {"portMappings": true}}
      ]
    }

  # Read by flannel.
  net-conf.json: |
    {
      "Network": "10.244.0.0/16",
      "Backend": {
        "Type": "vxlan"
      }
    }
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: canal
  namespace: kube-system
spec:
  template:
    spec:
      containers:
        - name: calico-node
          env:
            - name: IP
              value: ""
            - name: FELIX_IPV6SUPPORT
              value: "false"
        - name: kube-flannel
          env:
            - name: POD_NAME
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
`

export const ciliumManifest = `---
apiVersion: v1
kind: ConfigMap
metadata:
  name: cilium-config
  namespace: kube-system
data:
  # Families.
  enable-ipv4: "true"
  enable-ipv6: "false"
  ipam: "cluster-pool"
  cluster-pool-ipv4-cidr: "10.0.0.0/8"
  cluster-pool-ipv4-mask-size: "24"
  kube-proxy-replacement: "false"
  cni-exclusive: "true"
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: cilium
  namespace: kube-system
spec:
  template:
    spec:
      initContainers:
      - name: config
        env:
        - name: K8S_NODE_NAME
          valueFrom:
            fieldRef:
              fieldPath: spec.nodeName
      containers:
      - name: cilium-agent
        env:
        - name: GOMEMLIMIT
          value: "1GiB"
        volumeMounts: []
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cilium-operator
  namespace: kube-system
spec:
  template:
    spec:
      containers:
      - name: cilium-operator
        env:
        - name: CILIUM_DEBUG
          valueFrom:
            configMapKeyRef:
              name: cilium-config
              key: debug
        args: []
`
