import { readAuthorizations, readCertificates } from './credentials.ts'
import type { GitSettings } from './git-engine.ts'
import { createHttpClient, type GitHttpClient } from './http-client.ts'
import { type Connection, openConnection } from './http-exchange.ts'

/** Keeps the connection to one server warm between operations; credentials are read anew for each. */
export interface HttpSession {
  login(signal: AbortSignal): Promise<GitHttpClient>
  close(): void
}

export function createHttpSession(settings: GitSettings): HttpSession {
  let open: { readonly ca: string | undefined; readonly connection: Connection } | undefined
  return {
    async login(signal) {
      const ca = settings.caFile === undefined ? undefined : await readCertificates(settings.caFile)
      if (open === undefined || open.ca !== ca) {
        open?.connection.close()
        open = { ca, connection: openConnection(ca) }
      }
      return createHttpClient(open.connection, settings.url, await readAuthorizations(settings), signal)
    },
    close() {
      open?.connection.close()
      open = undefined
    },
  }
}
