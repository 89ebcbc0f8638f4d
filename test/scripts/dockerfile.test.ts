import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readContext } from '../../scripts/prove-image/build-stage.ts'
import { parseDockerfile } from '../../scripts/prove-image/dockerfile.ts'

const project = new URL('../..', import.meta.url).pathname

test('stages have their base with arguments filled in, and their steps in order', () => {
  const text = `ARG BASE=debian:12-slim
# a comment
FROM \${BASE} AS build
WORKDIR /src
COPY package.json .npmrc ./
RUN one && \\
    # between the lines
    two

FROM \${BASE} AS image
LABEL a="b"
COPY --from=build /out/ /
USER 65532:65532
HEALTHCHECK --interval=30s --retries=3 \\
    CMD ["node", "-e", "0"]
ENTRYPOINT ["node", "main.js"]
CMD ["run"]
`
  expect(parseDockerfile(text)).toEqual([
    {
      name: 'build',
      base: 'debian:12-slim',
      instructions: [
        { kind: 'workdir', path: '/src' },
        { kind: 'copy', sources: ['package.json', '.npmrc'], target: './' },
        { kind: 'run', script: 'one && two' },
      ],
      user: '0:0',
      entrypoint: [],
      command: [],
      healthcheck: [],
    },
    {
      name: 'image',
      base: 'debian:12-slim',
      instructions: [{ kind: 'copy', from: 'build', sources: ['/out/'], target: '/' }],
      user: '65532:65532',
      entrypoint: ['node', 'main.js'],
      command: ['run'],
      healthcheck: ['node', '-e', '0'],
    },
  ])
})

const refused: readonly { readonly name: string; readonly line: string }[] = [
  { name: 'an instruction that nobody carries out', line: 'ADD https://example.org/x /x' },
  { name: 'an option of COPY that nobody carries out', line: 'COPY --chown=1:1 a b' },
  { name: 'an entrypoint with a shell', line: 'ENTRYPOINT node main.js' },
]
for (const { name, line } of refused) {
  test(`${name} is refused with its line`, () => {
    expect(() => parseDockerfile(`FROM a AS b\n${line}\n`)).toThrow(/^Dockerfile:2: /)
  })
}

test('our images run as they promise, in exec form', () => {
  const stages = parseDockerfile(readFileSync(`${project}/Dockerfile`, 'utf8'))
  expect(stages.map((stage) => [stage.name, stage.user])).toEqual([
    ['build', '0:0'],
    ['controller', '65532:65532'],
    ['agent', '0:0'],
  ])
  for (const stage of stages.slice(1)) {
    expect(stage.entrypoint).toEqual(['node', '/opt/fairlead/bin/fairlead.cjs'])
    expect(stage.healthcheck[0]).toBe('node')
  }
})

test('an engine is sent what the build reads, and neither history nor packages', () => {
  const { entries } = readContext(project)
  expect(entries).toEqual(expect.arrayContaining(['src', 'package-lock.json', 'cluster-repo-template']))
  expect(entries).not.toEqual(expect.arrayContaining(['.git']))
  expect(entries).not.toEqual(expect.arrayContaining(['node_modules']))
})
