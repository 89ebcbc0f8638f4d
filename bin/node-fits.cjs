// Old syntax on purpose, see require-node.cjs. The same range stands in package.json as `engines`.
module.exports = function nodeFits(version) {
  var found = version.split('.').map(Number)
  return (found[0] === 24 && found[1] >= 15) || found[0] >= 26
}
