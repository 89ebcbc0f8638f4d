import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { test } from 'vitest'

const executablePath = '/usr/bin/chromium'
let registered = 0

/** Whether this machine can show pages at all. */
export const hasChromium = existsSync(executablePath)

/** Debian's chromium without a screen; it calls nobody but the page's own server. */
export function launchChromium(): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--headless',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-dev-shm-usage',
  ]
  return chromium.launch({ executablePath, args, timeout: 30_000 })
}

/** A test that is skipped by name where there is no chromium. */
export function browserTest(name: string, run: () => Promise<void>): void {
  registered += 1
  test.skipIf(!hasChromium)(name, run)
}

/** Called after the last test was declared: what was skipped is said, and never passes silently. */
export function saySkipped(): void {
  if (!hasChromium) process.stderr.write(`SKIPPED browser: ${registered} tests, no chromium\n`)
}
