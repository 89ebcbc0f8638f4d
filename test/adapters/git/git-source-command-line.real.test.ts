import { gitSourceContract } from './git-source-contract.ts'

gitSourceContract(
  'git command, path',
  async () =>
    ({ bare }) =>
      bare,
)
gitSourceContract(
  'git command, file://',
  async () =>
    ({ bare }) =>
      `file://${bare}`,
)
