import { basename } from 'node:path'
import { onTestFinished } from 'vitest'
import { startGitServer } from '../../lab/git-http-server.ts'
import { gitSourceContract } from './git-source-contract.ts'

gitSourceContract('isomorphic-git, http', async (root) => {
  const server = await startGitServer({ root })
  onTestFinished(() => server.close())
  return ({ bare }) => server.url(basename(bare))
})
