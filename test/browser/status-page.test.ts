import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { type Listener, startListener } from '../../src/web/http-listener.ts'
import { pageRoutes } from '../../src/web/page-assets.ts'
import { statusRoutes } from '../../src/web/status-routes.ts'
import { FakeStatusSource, samplePass, samplePasses, sampleStatus } from '../web/sample-status.ts'
import { realClock, recordingLog } from '../web/test-ports.ts'
import { browserTest, hasChromium, launchChromium, saySkipped } from './chromium.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const blocked = {
  verdict: 'blocked' as const,
  attemptedRevision: `main@sha1:${'a'.repeat(40)}`,
  problems: [
    'clusters/home/network.yaml:14:11  CIDR_OVERLAP\n  serviceCidr lies inside podCidr\n  fix  choose another',
  ],
  conditions: [
    { type: 'Ready', status: 'False' as const, reason: 'DesiredStateInvalid', message: 'network.yaml has 1 error.' },
  ],
}

let browser: Browser | undefined
let listener: Listener | undefined
let source = new FakeStatusSource()
const contexts: BrowserContext[] = []
let complaints: string[] = []

beforeAll(async () => {
  if (hasChromium) browser = await launchChromium()
})
afterAll(() => browser?.close())

beforeEach(async () => {
  if (!hasChromium) return
  source = new FakeStatusSource()
  complaints = []
  listener = await listen(0)
})
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
  await listener?.close()
})

function listen(port: number): Promise<Listener> {
  const routes = [...statusRoutes(source, realClock, () => Promise.resolve('')), ...pageRoutes()]
  return startListener({ host: '127.0.0.1', port, allowInsecure: false, routes }, realClock, recordingLog())
}

async function openPage(width = 1280, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  if (browser === undefined || listener === undefined) throw new Error('no browser')
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, reducedMotion: 'reduce' })
  contexts.push(context)
  const page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => complaints.push(message.text()))
  page.on('request', (request) => {
    if (!request.url().startsWith(`${listener?.url}/`)) complaints.push(`asked for ${request.url()}`)
  })
  await page.goto(listener.url)
  await page
    .locator('#passes tr')
    .first()
    .waitFor({ state: source.passes.length === 0 ? 'hidden' : 'visible' })
  return page
}

/** `rule: selector` for everything that axe objects to. It gets in past the policy, which the page itself cannot. */
async function objections(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ': ' + target.join(' '))))`)
}

browserTest('shows revision, verdict, conditions, components, files, drift, drops and passes', async () => {
  const page = await openPage()
  expect(await page.title()).toBe('Settled · home · Fairlead')
  expect(await textOf(page, '#verdict')).toContain('3f1c9e0b7a')
  const tones = `[...document.querySelectorAll('#conditions .pill')].map((pill) => pill.dataset.tone)`
  expect(await page.evaluate(tones)).toEqual(['good', 'good', 'good', 'good', 'bad'])
  expect(await page.locator('#components > li').allTextContents()).toEqual(
    expect.arrayContaining([expect.stringMatching(/traefikOn/), expect.stringMatching(/metrics-serverOff/)]),
  )
  expect(await page.locator('#files tr').count()).toBe(4)
  expect(await textOf(page, '#files tr:has-text("coredns.yaml")')).toContain('Drifted')
  expect(await textOf(page, '#drift tr')).toContain('process 812 (vim)')
  expect(await textOf(page, '#drops tr')).toContain('OBJECT_TWICE')
  expect(await textOf(page, '#passes tr')).toContain('Ada Lovelace')
  expect(complaints).toEqual([])
})

const looks = [
  { name: 'light', width: 1280, scheme: 'light' as const },
  { name: 'dark', width: 1280, scheme: 'dark' as const },
  { name: 'narrow', width: 360, scheme: 'light' as const },
  { name: 'narrow and dark', width: 360, scheme: 'dark' as const },
]
for (const { name, width, scheme } of looks)
  browserTest(`has nothing that axe objects to: ${name}`, async () => {
    const page = await openPage(width, scheme)
    await page.locator('summary').first().click()
    expect(await objections(page)).toEqual([])
    source.change(blocked)
    await page.locator('#problems li').first().waitFor()
    expect(await objections(page)).toEqual([])
  })

browserTest('axe does look: a broken page is objected to', async () => {
  const page = await openPage()
  await page.evaluate(`document.documentElement.removeAttribute('lang')`)
  expect(await objections(page)).toContain('html-has-lang: html')
})

browserTest('fits a screen of 360 pixels, whatever the longest name is', async () => {
  const long = `/var/lib/rancher/k3s/server/manifests/${'very-long-name-'.repeat(16)}.yaml`
  const { drops, files } = sampleStatus
  source.status = {
    ...sampleStatus,
    cluster: 'c'.repeat(120),
    files: files.map((file) => ({ ...file, path: long, message: 'm'.repeat(200) })),
    drops: drops.map((drop) => ({ ...drop, path: long })),
    conditions: [{ type: 'T'.repeat(90), status: 'Unknown', reason: 'R'.repeat(90), message: 'm'.repeat(300) }],
    problems: ['p'.repeat(500)],
  }
  const page = await openPage(360)
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
})

browserTest('keeps its tables tables when they are shown as blocks', async () => {
  const page = await openPage(360)
  const files = page.getByRole('table', { name: 'Files' })
  expect(await files.getByRole('row').count()).toBe(5)
  expect(await files.getByRole('columnheader').count()).toBe(3)
  expect(await files.getByRole('cell').count()).toBe(12)
})

browserTest('follows every change without a reload, and says the verdict to screen readers', async () => {
  const page = await openPage()
  await page.evaluate('window.stayed = true')
  source.passes = [{ ...samplePass, startedAt: '2026-11-21T08:13:00.000Z', author: 'Grace Hopper' }, samplePass]
  source.edits = []
  source.change(blocked)
  await expect.poll(() => textOf(page, '#verdict-word')).toBe('Blocked')
  expect(await page.locator('#verdict-word').getAttribute('aria-live')).toBe('polite')
  expect(await textOf(page, '#problems')).toContain('CIDR_OVERLAP')
  expect(await textOf(page, '#facts')).toContain('Newest revision, not enforced')
  await expect.poll(() => textOf(page, '#passes tr')).toContain('Grace Hopper')
  await expect.poll(() => page.locator('#drift-empty').isVisible()).toBe(true)
  expect(await page.title()).toBe('Blocked · home · Fairlead')
  expect(await page.evaluate('window.stayed')).toBe(true)
})

browserTest('keeps the focus and what is unfolded when something else changes', async () => {
  const page = await openPage()
  await page.locator('#passes summary').first().focus()
  await page.keyboard.press('Enter')
  expect(await page.locator('#passes details').first().getAttribute('open')).toBe('')
  const fresh = { ...samplePass, startedAt: '2026-11-21T08:14:00.000Z', changes: [] }
  source.passes = [fresh, samplePass]
  source.change({ verdict: 'pending' })
  await expect.poll(() => page.locator('#passes tr').count()).toBe(2)
  expect(await page.locator('#passes details').getAttribute('open')).toBe('')
  expect(await page.evaluate('document.activeElement.tagName')).toBe('SUMMARY')
})

browserTest('comes back by itself when the server was away', async () => {
  const page = await openPage()
  const port = listener?.port ?? 0
  await listener?.close()
  await expect.poll(() => textOf(page, '#connection'), { timeout: 10_000 }).toBe('Reconnecting')
  source.change({ verdict: 'failed' })
  listener = await listen(port)
  await expect.poll(() => textOf(page, '#connection'), { timeout: 20_000 }).toBe('Live')
  await expect.poll(() => textOf(page, '#verdict-word')).toBe('Failed')
})

browserTest('says so while no pass has ended, and shows the first one', async () => {
  source.status = undefined
  source.passes = []
  const page = await openPage()
  await expect.poll(() => textOf(page, '#connection')).toBe('Live')
  expect(await textOf(page, '#verdict')).toContain('No pass has ended yet')
  expect(await objections(page)).toEqual([])
  source.change({})
  await expect.poll(() => textOf(page, '#verdict-word')).toBe('Settled')
})

const canary = `<img src=x onerror="window.pwned=1"><script>window.pwned=2</script>`

browserTest('hostile content stays text wherever it stands', async () => {
  const { conditions, components, drops, files } = sampleStatus
  source.status = {
    ...sampleStatus,
    cluster: canary,
    node: canary,
    source: `javascript:alert(1) ${canary}`,
    revision: canary,
    problems: [canary],
    conditions: conditions.map((condition) => ({ ...condition, reason: canary, message: canary })),
    components: components.map((component) => ({ ...component, name: canary })),
    files: files.map((file) => ({ ...file, path: `/a/${canary}`, message: canary })),
    drops: drops.map((drop) => ({ ...drop, path: `/manifests/${canary}.yaml` })),
  }
  source.passes = samplePasses.map((pass) => ({
    ...pass,
    author: canary,
    revision: canary,
    trigger: canary,
    startedAt: canary,
  }))
  source.edits = source.edits.map((edit) => ({ ...edit, path: canary, writer: canary }))
  const page = await openPage()
  await page.locator('#drift tr').waitFor()
  expect(await page.locator('#drops .path').getAttribute('title')).toBe(`/manifests/${canary}.yaml`)
  expect(await page.evaluate('window.pwned')).toBeUndefined()
  expect(await page.locator('img').count()).toBe(1)
  expect(await page.locator('main script').count()).toBe(0)
  expect(complaints).toEqual([])
})

browserTest('hostile markup that got in anyway would not run', async () => {
  const page = await openPage()
  await page.evaluate(`document.getElementById('main').insertAdjacentHTML('beforeend', ${JSON.stringify(canary)})`)
  await expect.poll(() => complaints.some((complaint) => complaint.includes('Content Security Policy'))).toBe(true)
  expect(await page.evaluate('window.pwned')).toBeUndefined()
})

browserTest('a hostile name cannot pass for another one by hidden or turning characters', async () => {
  source.status = {
    ...sampleStatus,
    drops: sampleStatus.drops.map((drop) => ({ ...drop, path: '/m/lmay.\u202eevil\u200b.yaml' })),
  }
  const page = await openPage()
  expect(await textOf(page, '#drops .path-name')).toBe('lmay.\\u{202e}evil\\u{200b}.yaml')
})

saySkipped()

async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).first().textContent()) ?? ''
}
