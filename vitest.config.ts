import { defineConfig } from 'vitest/config'

/**
 * Two projects: `pure` runs values through functions in one shared thread pool; `real` starts processes, servers and
 * watches files, so its files are kept apart from each other.
 */
export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 85, functions: 85, branches: 75 },
    },
    projects: [
      {
        test: {
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/**/*.real.test.ts',
            'test/faults/**',
            'test/browser/**',
            'test/cluster/**',
            '**/*.netns.test.ts',
          ],
          pool: 'threads',
          isolate: false,
          // Laws over generated inputs, on a machine that does other things as well.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'real',
          include: ['test/**/*.real.test.ts'],
          exclude: ['test/faults/**', 'test/browser/**', 'test/cluster/**', '**/*.netns.test.ts'],
          pool: 'forks',
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      { test: { name: 'browser', include: ['test/browser/**/*.test.ts'], pool: 'forks', testTimeout: 60_000 } },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'netns',
          include: ['test/**/*.netns.test.ts'],
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
