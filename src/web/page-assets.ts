import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reply } from './replies.ts'
import type { Route } from './routes.ts'

const assets = [
  { path: '/', file: 'page.html', contentType: 'text/html; charset=utf-8' },
  { path: '/page.css', file: 'page.css', contentType: 'text/css; charset=utf-8' },
  { path: '/page-tables.css', file: 'page-tables.css', contentType: 'text/css; charset=utf-8' },
  { path: '/page.js', file: 'page.js', contentType: 'text/javascript; charset=utf-8' },
  { path: '/page-dom.js', file: 'page-dom.js', contentType: 'text/javascript; charset=utf-8' },
  { path: '/page-views.js', file: 'page-views.js', contentType: 'text/javascript; charset=utf-8' },
  { path: '/mark.svg', file: 'mark.svg', contentType: 'image/svg+xml' },
] as const

/** Beside this file in the sources; below the package's root when this code runs from `dist/`. */
const folders = ['./page/', '../src/web/page/'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)))

/** The status page and what it loads. Its files are part of the package, and are read when somebody looks at it. */
export function pageRoutes(): Route[] {
  return assets.map(({ path, file, contentType }) => ({
    method: 'GET',
    path,
    access: 'token',
    handle: async ({ response }) => reply(response, 200, contentType, await readAsset(file)),
  }))
}

async function readAsset(file: string): Promise<Buffer> {
  for (const folder of folders) {
    try {
      return await readFile(join(folder, file))
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause
    }
  }
  throw new Error(`${file} of the status page is missing from this installation (src/web/page)`)
}
