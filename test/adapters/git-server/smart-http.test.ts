import { describe, expect, test } from 'vitest'
import { packetLine, readGitRequest } from '../../../src/adapters/git-server/smart-http.ts'

function read(method: string, path: string, headers: Record<string, string> = {}) {
  return readGitRequest(method, new URL(`http://listener${path}`), '/demo.git/', headers)
}
const pushType = { 'content-type': 'application/x-git-receive-pack-request' }
const fetchType = { 'content-type': 'application/x-git-upload-pack-request' }

describe('the smart protocol has three requests', () => {
  test.each([
    ['GET', '/demo.git/info/refs?service=git-upload-pack', {}, { kind: 'advertise', service: 'upload-pack' }],
    ['GET', '/demo.git/info/refs?service=git-receive-pack', {}, { kind: 'advertise', service: 'receive-pack' }],
    ['POST', '/demo.git/git-upload-pack', fetchType, { kind: 'exchange', service: 'upload-pack', gzip: false }],
    [
      'POST',
      '/demo.git/git-receive-pack',
      { ...pushType, 'content-encoding': 'gzip' },
      { kind: 'exchange', service: 'receive-pack', gzip: true },
    ],
  ])('%s %s', (method, path, headers, expected) => expect(read(method, path, headers)).toEqual(expected))
})

describe('everything else is refused', () => {
  test.each([
    ['GET', '/demo.git/info/refs', {}, 403],
    ['GET', '/demo.git/info/refs?service=git-upload-archive', {}, 403],
    ['GET', '/demo.git/info/refs?service=git-upload-pack%20--help', {}, 403],
    ['POST', '/demo.git/info/refs?service=git-upload-pack', {}, 405],
    ['GET', '/demo.git/git-upload-pack', {}, 405],
    ['GET', '/demo.git/HEAD', {}, 404],
    ['GET', '/demo.git/objects/../../../etc/passwd', {}, 404],
    ['GET', '/demo.git/%2e%2e%2fconfig', {}, 404],
    ['POST', '/demo.git/git-receive-pack', fetchType, 415],
    ['POST', '/demo.git/git-receive-pack', { 'content-type': 'text/plain' }, 415],
    ['POST', '/demo.git/git-receive-pack', { ...pushType, 'content-encoding': 'br' }, 415],
  ])('%s %s %j', (method, path, headers, status) =>
    expect(read(method, path, headers)).toMatchObject({ kind: 'refused', status }),
  )
})

test('only a known protocol version gets into the environment, and a push has no version 2', () => {
  const version = (service: string, value: string) => {
    const read_ = read('GET', `/demo.git/info/refs?service=git-${service}`, { 'git-protocol': value })
    return read_.kind === 'advertise' ? read_.protocol : 'refused'
  }
  expect(version('upload-pack', 'version=2')).toBe('version=2')
  expect(version('upload-pack', 'version=1')).toBe('version=1')
  expect(version('upload-pack', 'version=2:x=$(id)')).toBeUndefined()
  expect(version('receive-pack', 'version=2')).toBeUndefined()
})

test('a packet says its length, itself included', () => {
  expect(packetLine('# service=git-upload-pack\n')).toBe('001e# service=git-upload-pack\n')
})
