import manifest from '../../package.json' with { type: 'json' }

export const fairleadVersion: string = manifest.version
