import { Failure, type Retry } from '../../domain/failure.ts'

interface Entry {
  readonly message: string
  readonly fix: string
  readonly retry: Retry
}

const catalogue = {
  KUBE_CONFIG_MISSING: {
    message: 'there is no kubeconfig',
    fix: 'name one with --kubeconfig or KUBECONFIG; on a K3s server it is /etc/rancher/k3s/k3s.yaml',
    retry: 'when-changed',
  },
  KUBE_CONFIG_INVALID: {
    message: 'the kubeconfig cannot be used',
    fix: 'compare it with what `kubectl config view` shows',
    retry: 'when-changed',
  },
  KUBE_CONFIG_UNSUPPORTED: {
    message: 'the kubeconfig asks for something that is not spoken here',
    fix: 'use a kubeconfig without it, for example one of a ServiceAccount that may read',
    retry: 'when-changed',
  },
  KUBE_CONTEXT_MISSING: {
    message: 'the kubeconfig has no such context',
    fix: 'choose one of those that `kubectl config get-contexts` lists',
    retry: 'when-changed',
  },
  KUBE_CREDENTIALS: {
    message: 'the credentials that the kubeconfig names could not be had',
    fix: 'check the files it names, and run its exec plugin or `kubectl version` by hand',
    retry: 'when-changed',
  },
  KUBE_UNREACHABLE: {
    message: 'the API server cannot be reached',
    fix: 'check the address in the kubeconfig, the network, its proxy and whether the server runs',
    retry: 'soon',
  },
  KUBE_TLS: {
    message: 'the certificate of the API server is not trusted',
    fix: 'take the kubeconfig from the server anew, or use a name or address that its certificate covers',
    retry: 'when-changed',
  },
  KUBE_TIMEOUT: {
    message: 'the API server did not finish in time',
    fix: 'check the load of the server and the network between',
    retry: 'soon',
  },
  KUBE_UNAUTHORIZED: {
    message: 'the API server does not know these credentials',
    fix: 'renew them: certificates and tokens expire, and a rebuilt cluster has new ones',
    retry: 'when-changed',
  },
  KUBE_FORBIDDEN: {
    message: 'these credentials may not read this',
    fix: 'give them the right to get and list it, or use the kubeconfig of an administrator',
    retry: 'when-changed',
  },
  KUBE_OVERLOADED: {
    message: 'the API server turns requests away because it has too many',
    fix: 'try again later; if it stays so, look for the client that asks that much',
    retry: 'soon',
  },
  KUBE_SERVER_ERROR: {
    message: 'the API server answered with an error',
    fix: 'look at the log of the server: it could be reached, but did not serve this',
    retry: 'soon',
  },
  KUBE_LIST_EXPIRED: {
    message: 'the list changed faster than it could be read',
    fix: 'try again; a datastore that compacts all the time is worth a look',
    retry: 'soon',
  },
  KUBE_ANSWER_INVALID: {
    message: 'what answers at this address is no Kubernetes API',
    fix: 'check the address in the kubeconfig, and proxies or login pages in between',
    retry: 'when-changed',
  },
  KUBE_KIND_UNKNOWN: {
    message: 'the API server does not have this kind',
    fix: 'install its definition, or write the apiVersion that `kubectl api-resources` shows',
    retry: 'soon',
  },
  KUBE_CONFLICT: {
    message: 'others own fields that are to be written',
    fix: 'leave these fields to them, have them give the fields up, or let the policy take them over',
    retry: 'when-changed',
  },
  KUBE_STALE: {
    message: 'the object changed since it was read',
    fix: 'read it again and decide anew; the next pass does so',
    retry: 'soon',
  },
  KUBE_EXISTS: {
    message: 'an object of this name exists',
    fix: 'look at whose it is before it is taken over or renamed',
    retry: 'when-changed',
  },
  KUBE_MISSING: {
    message: 'there is no such object',
    fix: 'the next pass reads what is there and decides anew',
    retry: 'soon',
  },
  KUBE_NAMESPACE_MISSING: {
    message: 'the namespace of the object does not exist',
    fix: 'create the namespace first, or put its manifest beside the object',
    retry: 'soon',
  },
  KUBE_TERMINATING: {
    message: 'the namespace of the object is being deleted',
    fix: 'wait until it is gone; if it stays, look for finalizers in it',
    retry: 'soon',
  },
  KUBE_INVALID: {
    message: 'the API server does not take this object',
    fix: 'correct the fields it names, for the Kubernetes version of this server',
    retry: 'when-changed',
  },
  KUBE_DENIED: {
    message: 'the API server does not allow this write',
    fix: 'look at the rights of these credentials, at quotas and at admission policies',
    retry: 'when-changed',
  },
} as const satisfies Readonly<Record<string, Entry>>

export type KubeFailureCode = keyof typeof catalogue

/**
 * @param where URL without credentials, file, or name of a context
 * @param note what went wrong, in our words or as the code of an error; never what a server or a plugin said
 */
export function kubeFailure(code: KubeFailureCode, where: string, note?: string, cause?: unknown): Failure {
  const { message, fix, retry } = catalogue[code]
  const text = note === undefined ? message : `${message}: ${note}`
  return new Failure(text, { code, where, fix, retry }, cause === undefined ? undefined : { cause })
}

export function hasCode(error: unknown, ...codes: readonly KubeFailureCode[]): error is Failure {
  return error instanceof Failure && codes.some((code) => code === error.detail.code)
}
