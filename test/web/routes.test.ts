import { expect, test } from 'vitest'
import { matchRoute, type Route } from '../../src/web/routes.ts'

const route = (method: Route['method'], path: string): Route => ({
  method,
  path,
  access: 'open',
  handle: () => undefined,
})
const routes = [route('GET', '/'), route('GET', '/demo.git/'), route('POST', '/demo.git/'), route('POST', '/hooks/git')]

function outcome(method: string, path: string): string {
  const match = matchRoute(routes, method, path)
  if (match.kind === 'found') return `${match.route.method} ${match.route.path}`
  return match.kind === 'wrong-method' ? `allow ${match.allowed.join()}` : match.kind
}

test.each([
  ['GET', '/', 'GET /'],
  ['HEAD', '/', 'GET /'],
  ['GET', '/other', 'unknown-path'],
  ['GET', '/demo.git/info/refs', 'GET /demo.git/'],
  ['POST', '/demo.git/git-receive-pack', 'POST /demo.git/'],
  ['GET', '/demo.git', 'unknown-path'],
  ['GET', '/hooks/git', 'allow POST'],
  ['PUT', '/demo.git/x', 'allow GET,HEAD,POST'],
  ['GET', '/hooks/git/more', 'unknown-path'],
])('%s %s is %s', (method, path, expected) => expect(outcome(method, path)).toBe(expected))
