import { type Flag, serverFlag } from './flag.ts'

/** @see k3s-io/docs docs/cli/server.md, Database */
export const datastoreFlags: readonly Flag[] = [
  serverFlag({
    name: 'datastore-endpoint',
    type: 'string',
    isSecret: true,
    sameOnServers: 'agreed',
    environment: 'K3S_DATASTORE_ENDPOINT',
  }),
  serverFlag({ name: 'datastore-cafile', type: 'string', environment: 'K3S_DATASTORE_CAFILE' }),
  serverFlag({ name: 'datastore-certfile', type: 'string', environment: 'K3S_DATASTORE_CERTFILE' }),
  serverFlag({ name: 'datastore-keyfile', type: 'string', environment: 'K3S_DATASTORE_KEYFILE' }),
  serverFlag({ name: 'kine-tls', type: 'boolean', default: 'false' }),
  serverFlag({ name: 'cluster-init', type: 'boolean', default: 'false', environment: 'K3S_CLUSTER_INIT' }),
  serverFlag({ name: 'cluster-reset', type: 'boolean', default: 'false', environment: 'K3S_CLUSTER_RESET' }),
  serverFlag({ name: 'cluster-reset-restore-path', type: 'string' }),
  serverFlag({ name: 'etcd-expose-metrics', type: 'boolean', default: 'false' }),
  serverFlag({ name: 'etcd-disable-snapshots', type: 'boolean', default: 'false' }),
  serverFlag({ name: 'etcd-snapshot-name', type: 'string', default: 'etcd-snapshot' }),
  serverFlag({ name: 'etcd-snapshot-schedule-cron', type: 'string', default: '0 */12 * * *' }),
  serverFlag({ name: 'etcd-snapshot-reconcile-interval', type: 'string' }),
  serverFlag({ name: 'etcd-snapshot-retention', type: 'integer', default: '5' }),
  serverFlag({ name: 'etcd-snapshot-dir', type: 'string' }),
  serverFlag({ name: 'etcd-snapshot-compress', type: 'boolean', default: 'false' }),
]

/** Snapshots in an object store. @see k3s-io/docs docs/cli/etcd-snapshot.md */
export const objectStoreFlags: readonly Flag[] = [
  serverFlag({ name: 'etcd-s3', type: 'boolean', default: 'false' }),
  serverFlag({ name: 'etcd-s3-endpoint', type: 'string', default: 's3.amazonaws.com' }),
  serverFlag({ name: 'etcd-s3-endpoint-ca', type: 'string' }),
  serverFlag({ name: 'etcd-s3-skip-ssl-verify', type: 'boolean', default: 'false' }),
  serverFlag({ name: 'etcd-s3-access-key', type: 'string', isSecret: true, environment: 'AWS_ACCESS_KEY_ID' }),
  serverFlag({ name: 'etcd-s3-secret-key', type: 'string', isSecret: true, environment: 'AWS_SECRET_ACCESS_KEY' }),
  serverFlag({ name: 'etcd-s3-session-token', type: 'string', isSecret: true, environment: 'AWS_SESSION_TOKEN' }),
  serverFlag({ name: 'etcd-s3-bucket', type: 'string' }),
  serverFlag({ name: 'etcd-s3-bucket-lookup-type', type: 'string', default: 'auto', values: ['auto', 'dns', 'path'] }),
  serverFlag({ name: 'etcd-s3-region', type: 'string', default: 'us-east-1' }),
  serverFlag({ name: 'etcd-s3-folder', type: 'string' }),
  serverFlag({ name: 'etcd-s3-retention', type: 'integer', source: 'k3s-io/k3s#12695' }),
  serverFlag({ name: 'etcd-s3-proxy', type: 'string' }),
  serverFlag({ name: 'etcd-s3-config-secret', type: 'string', source: 'k3s-io/k3s#10487' }),
  serverFlag({ name: 'etcd-s3-insecure', type: 'boolean', default: 'false' }),
  serverFlag({ name: 'etcd-s3-timeout', type: 'string', default: '5m0s' }),
]
