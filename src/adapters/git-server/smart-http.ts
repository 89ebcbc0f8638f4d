import type { IncomingHttpHeaders } from 'node:http'

export type Service = 'upload-pack' | 'receive-pack'

export type GitRequest =
  | { readonly kind: 'advertise'; readonly service: Service; readonly protocol?: string }
  | { readonly kind: 'exchange'; readonly service: Service; readonly protocol?: string; readonly gzip: boolean }
  | { readonly kind: 'refused'; readonly status: number; readonly message: string }

/**
 * The three requests of the smart protocol; everything else is refused by name.
 * @param prefix path of the repository, with its trailing `/`
 * @see gitprotocol-http(5)
 */
export function readGitRequest(method: string, url: URL, prefix: string, headers: IncomingHttpHeaders): GitRequest {
  const path = url.pathname.slice(prefix.length)
  if (path === 'info/refs') {
    if (method !== 'GET') return refused(405, 'info/refs is read with GET')
    const service = serviceOf(url.searchParams.get('service') ?? '')
    if (service === undefined) return refused(403, 'only the smart HTTP protocol is served: use git 1.6.6 or newer')
    return { kind: 'advertise', service, ...protocolOf(service, headers) }
  }
  const service = serviceOf(path)
  if (service === undefined) return refused(404, 'not found: this is a git repository, clone it with git')
  if (method !== 'POST') return refused(405, `git-${service} is called with POST`)
  // Besides being the protocol, this type keeps web pages out: browsers send it to no foreign origin unasked.
  if (headers['content-type'] !== `application/x-git-${service}-request`) return refused(415, 'not a git request')
  const encoding = (headers['content-encoding'] ?? 'identity').toLowerCase()
  if (encoding !== 'identity' && encoding !== 'gzip' && encoding !== 'x-gzip') {
    return refused(415, 'bodies may be sent plain or with gzip')
  }
  return { kind: 'exchange', service, gzip: encoding !== 'identity', ...protocolOf(service, headers) }
}

/** One packet: its length in four hex digits, its text. */
export function packetLine(text: string): string {
  return `${(Buffer.byteLength(text) + 4).toString(16).padStart(4, '0')}${text}`
}

function serviceOf(name: string): Service | undefined {
  if (name === 'git-upload-pack') return 'upload-pack'
  return name === 'git-receive-pack' ? 'receive-pack' : undefined
}

/** The only values that may become an environment variable. Pushing has no version 2. */
function protocolOf(service: Service, headers: IncomingHttpHeaders): { readonly protocol?: string } {
  const asked = headers['git-protocol']
  if (asked === 'version=1' || (asked === 'version=2' && service === 'upload-pack')) return { protocol: asked }
  return {}
}

function refused(status: number, message: string): GitRequest {
  return { kind: 'refused', status, message }
}
