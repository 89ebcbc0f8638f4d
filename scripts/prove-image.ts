/**
 * Proves the Dockerfile where there is no container engine: every stage is built step by step in a clean Debian root of
 * its own, and what the images promise is then called inside, as the user that they run as.
 *
 * Ends with 0 when all holds, with 1 when something does not, and with 77 when this machine cannot tell.
 */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildStage, readContext } from './prove-image/build-stage.ts'
import { baseTarball, type CleanRoot, cleanRootObstacle, runInRoot, unpackRoot } from './prove-image/clean-root.ts'
import { parseDockerfile, type Stage } from './prove-image/dockerfile.ts'

interface Check {
  readonly argv: readonly string[]
  readonly expected: RegExp
  readonly exitCode?: number
}

const project = new URL('..', import.meta.url).pathname
const template = '/opt/fairlead/cluster-repo-template'
const unableToTell = 77

/** What runs as the image's own user: `fairlead` itself through the entrypoint, and the tools it may call. */
function checksOf(stage: Stage): Check[] {
  const fairlead = (...words: string[]): readonly string[] => [...stage.entrypoint, ...words]
  const inBoth: Check[] = [
    { argv: ['id', '-u'], expected: new RegExp(`^${stage.user.split(':')[0]}$`, 'm') },
    { argv: ['node', '--version'], expected: /^v24\./m },
    { argv: fairlead('version'), expected: /\d+\.\d+\.\d+/ },
    { argv: ['fairlead', 'validate', template], expected: /2 clusters: 0 errors, 0 warnings/ },
    { argv: fairlead(stage.command[0] ?? '', '--help'), expected: /--root/ },
    { argv: ['fairlead', 'init', '/tmp/repository'], expected: /\d+ files written/ },
    // Nothing listens here: an honest check says so, and a broken one would end with 126 or 127.
    { argv: stage.healthcheck, expected: /(?:)/, exitCode: 1 },
    { argv: ['ls', '/opt/fairlead/src/web/page/page.html'], expected: /page\.html/ },
    { argv: fairlead('install'), expected: /^kind: "Deployment"$/m },
    // What gives a host its agent: the services, and the way to the host's own systemctl.
    {
      argv: ['ls', '/opt/fairlead/deploy/systemd', '/opt/fairlead/deploy/openrc'],
      expected: /fairlead-agent\.service/,
    },
    { argv: ['nsenter', '--version'], expected: /util-linux/ },
    { argv: fairlead('host-agent', 'keep', '--root', '/tmp'), expected: /HOST_INIT_UNKNOWN/, exitCode: 1 },
  ]
  return stage.name === 'agent' ? [...inBoth, ...hostTools, pullRequest] : [...inBoth, ...nothingElse]
}

const hostTools: readonly Check[] = [
  { argv: ['ip', '-V'], expected: /iproute2/ },
  { argv: ['iptables', '-V'], expected: /^iptables v1\.8/m },
  { argv: ['ip6tables-save', '-V'], expected: /v1\.8/ },
  { argv: ['nft', '--version'], expected: /^nftables v1/m },
  { argv: ['ipset', '--version'], expected: /ipset v\d/ },
  { argv: ['conntrack', '--version'], expected: /conntrack v\d/ },
  { argv: ['git', '--version'], expected: /git version 2/ },
  { argv: ['ssh', '-V'], expected: /OpenSSH/ },
]

/** What the pipelines of the template call: a plan against a commit, where nothing changed. */
const pullRequest: Check = {
  argv: [
    '/bin/sh',
    '-ec',
    'cd repository; git init -q; git add -A; git -c user.name=a -c user.email=a@b commit -qm seed; ' +
      'fairlead plan --base HEAD --detailed-exitcode',
  ],
  expected: /(?:)/,
}

/** The controller can change neither itself nor its system. */
const nothingElse: readonly Check[] = [
  { argv: ['touch', '/opt/fairlead/dist/main.js'], expected: /Permission denied/, exitCode: 1 },
  { argv: ['touch', '/usr/local/bin/other'], expected: /Permission denied/, exitCode: 1 },
  { argv: ['touch', '/var/lib/fairlead/own'], expected: /^$/ },
  { argv: ['git', '--version'], expected: /No such file/, exitCode: 127 },
]

function main(environment: Readonly<Record<string, string | undefined>>): number {
  const obstacle = cleanRootObstacle()
  if (obstacle !== undefined) return skip(obstacle)
  const npm = npmDirectory(environment['PATH'] ?? '')
  if (npm === undefined) return skip('needs an npm that lies in one folder')
  const tarball = baseTarball(join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'fairlead'))
  if (tarball === undefined) return skip('the Debian mirror could not be reached')

  const stages = parseDockerfile(readFileSync(join(project, 'Dockerfile'), 'utf8'))
  const context = readContext(project)
  const scratch = mkdtempSync(join(tmpdir(), 'fairlead-image-'))
  try {
    const roots = new Map<string, CleanRoot>()
    let failed = 0
    for (const stage of stages) {
      const root = unpackRoot(tarball, join(scratch, stage.name))
      const variables = stage.base.startsWith('node:')
        ? becomeNodeImage(root, npm, environment['NODE_EXTRA_CA_CERTS'])
        : {}
      buildStage(stage, root, context, roots, variables)
      roots.set(stage.name, root)
      console.log(`ok  ${stage.name}: built on ${stage.base}`)
      if (stage.entrypoint.length > 0) failed += runChecks(stage, root)
    }
    return failed === 0 ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return 1
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function runChecks(stage: Stage, root: CleanRoot): number {
  let failed = 0
  for (const { argv, expected, exitCode = 0 } of checksOf(stage)) {
    const ran = runInRoot(root, argv, { user: stage.user, directory: '/tmp', withoutNetwork: true })
    const holds = ran.exitCode === exitCode && expected.test(ran.output.trim())
    console.log(`${holds ? 'ok ' : 'NOT'} ${stage.name}: ${argv.slice(0, 4).join(' ').slice(0, 90)}`)
    if (holds) continue
    failed += 1
    console.error(`    wanted exit ${exitCode} and ${expected}, got exit ${ran.exitCode}\n${ran.output}`)
  }
  return failed
}

/** Debian's root with this machine's Node and npm stands in for the node image, which only runs npm. */
function becomeNodeImage(root: CleanRoot, npm: string, authorities: string | undefined): Record<string, string> {
  const place = '/usr/local/lib/node_modules/npm'
  mkdirSync(join(root.path, dirname(place)), { recursive: true })
  cpSync(npm, join(root.path, place), { recursive: true })
  symlinkSync(`${place}/bin/npm-cli.js`, join(root.path, 'usr/local/bin/npm'))
  copyFileSync(process.execPath, join(root.path, 'usr/local/bin/node'))
  // A machine behind an authority of its own tells Node about it here; the clean root has to trust it as well.
  if (authorities === undefined || !existsSync(authorities)) return {}
  copyFileSync(authorities, join(root.path, 'etc/extra-authorities.pem'))
  return { NODE_EXTRA_CA_CERTS: '/etc/extra-authorities.pem' }
}

/** npm's own folder, found through the first `npm` on the path. */
function npmDirectory(searchPath: string): string | undefined {
  const program = searchPath
    .split(':')
    .map((directory) => join(directory, 'npm'))
    .find((file) => existsSync(file))
  const directory = program === undefined ? undefined : dirname(dirname(realpathSync(program)))
  return directory !== undefined && existsSync(join(directory, 'bin/npm-cli.js')) ? directory : undefined
}

function skip(why: string): number {
  console.log(`SKIPPED: ${why}`)
  return unableToTell
}

process.exitCode = main(process.env)
