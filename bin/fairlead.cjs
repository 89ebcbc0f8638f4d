#!/usr/bin/env node
// Old syntax on purpose, see require-node.cjs.
var path = require('path')
var fs = require('fs')
var nodeFits = require('./node-fits.cjs')
var own = path.join(__dirname, '..', 'node_modules', '.bin', 'node')

if (nodeFits(process.versions.node)) start()
else if (fs.existsSync(own) && fs.realpathSync(own) !== process.execPath) startWith(own)
else require('./require-node.cjs')

/** The bundle is loaded only once the runtime is known to fit. */
function start() {
  var bundle = path.join(__dirname, '..', 'dist', 'main.js')
  if (!fs.existsSync(bundle)) {
    process.stderr.write('fairlead: ' + bundle + ' is missing.\n  fix  run `npm run build` in the project folder.\n')
    process.exit(78)
  }
  if (process.argv[2] === 'agent') staySmall()
  if (process.argv[2] === 'controller') giveBack()
  // Compiled code is kept between runs: `fairlead --help` and git hooks start in a blink. Beside the bundle, not in the
  // shared temporary directory that Node would take: whoever can write there could hand code to root.
  require('module').enableCompileCache(path.join(path.dirname(bundle), 'compiled'))
  import(require('url').pathToFileURL(bundle).href).catch(function (error) {
    process.stderr.write('fairlead: the bundle cannot be loaded: ' + error.stack + '\n')
    process.exit(78)
  })
}

/** An agent waits nearly always, for programs of the system when not: memory counts, and optimized code does not. */
function staySmall() {
  var v8 = require('v8')
  ;['--optimize-for-size', '--max-semi-space-size=1', '--no-opt', '--no-maglev'].forEach(function (flag) {
    v8.setFlagsFromString(flag)
  })
  v8.setFlagsFromString('--expose-gc')
  var collect = require('vm').runInNewContext('gc')
  // What loading and the first passes leave behind stays until the heap grows, which it does not on a node at rest.
  ;[10000, 60000].forEach(function (ms) {
    setTimeout(function () {
      collect()
    }, ms).unref()
  })
}

/** A controller is large for moments, when thousands of programs are made: what it needed then is to be given back. */
function giveBack() {
  var v8 = require('v8')
  ;['--optimize-for-size', '--max-semi-space-size=2'].forEach(function (flag) {
    v8.setFlagsFromString(flag)
  })
}

/** The Node that `npm ci` brought, when this file was started with another one. */
function startWith(node) {
  var child = require('child_process').spawn(node, [__filename].concat(process.argv.slice(2)), { stdio: 'inherit' })
  ;['SIGINT', 'SIGTERM', 'SIGHUP'].forEach(function (name) {
    process.on(name, function () {
      child.kill(name)
    })
  })
  child.on('exit', function (code, signal) {
    process.exit(signal === null ? code : 1)
  })
}
