/**
 * Bundles the CLI into `dist/`: one chunk a command, so that `fairlead --help` loads next to nothing.
 *
 * The banner gives CommonJS packages inside the bundle the `require` they expect (esbuild #1921).
 */
import { rmSync } from 'node:fs'
import { build } from 'esbuild'

const root = new URL('..', import.meta.url).pathname

rmSync(`${root}/dist`, { recursive: true, force: true })
await build({
  absWorkingDir: root,
  entryPoints: { main: 'src/main.ts', 'git-worker': 'src/adapters/git/git-worker.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  // Names stay as they are: keeping them beside short ones costs every start 27 ms.
  minifyWhitespace: true,
  minifySyntax: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  sourcemap: 'linked',
  logLevel: 'warning',
  banner: {
    js: "import{createRequire as bundleRequire}from'node:module';const require=bundleRequire(import.meta.url);",
  },
})
