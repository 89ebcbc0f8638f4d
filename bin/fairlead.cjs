#!/usr/bin/env node
// Old syntax on purpose, see require-node.cjs. The bundle is loaded only once the runtime is known to fit.
require('./require-node.cjs')

var path = require('node:path')
var url = require('node:url')
var bundle = path.join(__dirname, '..', 'dist', 'main.js')

if (!require('node:fs').existsSync(bundle)) {
  process.stderr.write('fairlead: ' + bundle + ' is missing.\n  fix  run `npm run build` in the project folder.\n')
  process.exit(78)
}
// Compiled code is kept between runs: `fairlead --help` and git hooks start in a blink. Beside the bundle, not in the
// shared temporary directory that Node would take: whoever can write there could hand code to root.
require('node:module').enableCompileCache(path.join(path.dirname(bundle), 'compiled'))
import(url.pathToFileURL(bundle).href).catch((error) => {
  process.stderr.write('fairlead: the bundle cannot be loaded: ' + error.stack + '\n')
  process.exit(78)
})
