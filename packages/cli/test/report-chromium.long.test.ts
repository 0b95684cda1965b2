/** The report in a real browser: what its reader sees, hears, presses and prints. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manyFacts, theFacts } from '../src/report/facts.fixture.ts';
import { buildModel } from '../src/report/model.ts';
import { page as pageOf } from '../src/report/page.ts';
import { describeInChromium, launchChromium } from './chromium.ts';
import { tellStory } from './report-story.ts';
import { Session } from './session.ts';

const HOSTILE = '<img src=x onerror=alert(1)></script>';

/** What runs in the page is text: this program's types know no browser. */
const GROUND = 'getComputedStyle(document.body).backgroundColor';

/** A page and everything that went wrong or out while it was open. */
interface Opened extends AsyncDisposable {
  readonly page: Page;
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
}

let browser: Browser;
let session: Session;
const files = new Map<string, string>();

describeInChromium('the report in Chromium', () => {
  beforeAll(async () => {
    browser = await launchChromium();
    session = new Session();
    await tellStory(session);
    await session.issue('--client', 'hostile', '--note', HOSTILE);
    const { code, stderr } = await session.run(['report', '-o', 'story.html']);
    expect(stderr).toContain('Wrote story.html');
    expect(code).toBe(0);
    files.set('story', join(session.cwd, 'story.html'));
    const others = {
      empty: theFacts([], { isSetUp: false, keys: [] }),
      some: manyFacts(130, 2),
      many: manyFacts(10_000, 40),
    };
    for (const [name, facts] of Object.entries(others)) {
      const file = join(session.cwd, `${name}.html`);
      writeFileSync(file, pageOf(buildModel(facts)));
      files.set(name, file);
    }
  });

  afterAll(async () => {
    await browser.close();
    session[Symbol.dispose]();
  });

  it.each(['story', 'empty', 'many'])('loads %s without a word on the console and without a request', async (name) => {
    await using opened = await open(name);
    await opened.page.locator('input[value=dark]').check();
    await opened.page.emulateMedia({ media: 'print' });
    expect(opened.complaints).toEqual([]);
    expect(opened.requests).toEqual([]);
    expect(await opened.page.locator('h2').allTextContents()).toEqual([
      'Needs attention',
      'Timeline',
      'Key ring',
      'All tokens',
      'Recent events',
      'Audit log',
      'How soon a revocation holds',
    ]);
  });

  it('shows a note that is HTML as the text that it is', async () => {
    await using opened = await open('story');
    const { page } = opened;
    await page.getByRole('searchbox').fill('onerror');
    expect(await bodyRows(page).count()).toBe(1);
    expect(await bodyRows(page).textContent()).toContain(HOSTILE);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('#timeline').getByText(HOSTILE).count()).toBe(1);
    expect(opened.complaints).toEqual([]);
  });

  it('runs nothing but its own script, whatever is put into it', async () => {
    await using opened = await open('story');
    const { page } = opened;
    // As something that got past every escape would do it.
    await page.evaluate(`document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="document.title=1">')`);
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { text: 'document.title=2' }))`,
    );
    expect(await page.title()).toBe('API tokens of environment local');
    expect(opened.complaints.join('\n')).toContain('Content Security Policy');
  });

  it.each([
    { name: 'story', colorScheme: 'light', width: 1280 },
    { name: 'story', colorScheme: 'dark', width: 360 },
    { name: 'some', colorScheme: 'dark', width: 1280 },
  ] as const)(
    'has nothing for axe to find: $name, $colorScheme, $width pixels',
    async ({ name, colorScheme, width }) => {
      await using opened = await open(name, { colorScheme, viewport: { width, height: 900 } });
      const { page } = opened;
      // Through the debugger, which a page's policy does not bind: the page itself could not load it.
      await page.evaluate(axe.source);
      const violations: unknown = await page.evaluate(
        `axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
        violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')))`,
      );
      expect(violations).toEqual([]);
    },
  );

  it('finds, filters, sorts and turns pages among 10,000 tokens', async () => {
    await using opened = await open('many');
    const { page } = opened;
    const found = page.locator('.found');
    expect(await found.textContent()).toBe('10000 tokens');
    expect(await bodyRows(page).count()).toBe(100);
    await page.locator('[data-page="1"]').click();
    expect(await page.locator('.pages .place').textContent()).toBe('101 to 200 of 10000');

    await page.locator('select[name=client]').selectOption('client-00007');
    expect(await found.textContent()).toBe('250 of 10000 tokens');
    await page.locator('select[name=status]').selectOption('live');
    await page.locator('select[name=attention]').selectOption('unused');
    const [shown = ''] = (await found.textContent())?.split(' ') ?? [];
    expect(await bodyRows(page).count()).toBe(Number(shown));
    for (const text of await bodyRows(page).allTextContents()) expect(text).toMatch(/^client-00007.*yes.*unused/);

    await page.locator('button[type=reset]').click();
    await expect.poll(() => found.textContent()).toBe('10000 tokens');
    await page.locator('input[type=search]').fill('CLIENT-00000 4040,');
    expect(await found.textContent()).toBe('1 of 10000 tokens');
    await page.locator('input[type=search]').fill('no such thing');
    expect(await found.textContent()).toBe('no of 10000 tokens');
    expect(await page.locator('[data-page="1"]').isDisabled()).toBe(true);
  });

  it('sorts by any column, both ways, and says so', async () => {
    await using opened = await open('some');
    const { page } = opened;
    const column = page.getByRole('columnheader', { name: 'Expires' });
    const dates = (): Promise<string[]> => page.locator('table.all tbody td:nth-child(7)').allTextContents();
    await column.getByRole('button').click();
    expect(await column.getAttribute('aria-sort')).toBe('ascending');
    expect(await dates()).toEqual((await dates()).toSorted());
    await column.getByRole('button').click();
    expect(await column.getAttribute('aria-sort')).toBe('descending');
    expect(await dates()).toEqual((await dates()).toSorted().toReversed());
  });

  it('is worked with the keyboard alone', async () => {
    await using opened = await open('some');
    const { page } = opened;
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to what needs attention');
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).hash).toBe('#attention');

    const client = page.locator('details').first();
    await client.locator('summary').focus();
    await page.keyboard.press('Enter');
    expect(await client.getAttribute('open')).not.toBeNull();

    await client.getByRole('button', { name: 'Show in the table' }).press('Enter');
    expect(await page.getByRole('status').textContent()).toBe('65 of 130 tokens');
    expect(await page.evaluate(`document.activeElement.name`)).toBe('client');

    await page.locator('button[type=reset]').press('Enter');
    await page.getByRole('button', { name: 'Next' }).press('Space');
    expect(await page.locator('.pages .place').textContent()).toBe('101 to 130 of 130');
  });

  it('opens every client on paper, in light colours and without controls, and closes them again', async () => {
    await using opened = await open('many', { colorScheme: 'dark' });
    const { page } = opened;
    const openClients = (): Promise<number> => page.locator('details[open]').count();
    expect(await openClients()).toBe(0);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await page.evaluate(`void dispatchEvent(new Event('beforeprint'))`);
    expect(await openClients()).toBe(40);
    expect(await bodyRows(page).count()).toBe(1_000);
    expect(await page.locator('input[type=search]').isVisible()).toBe(false);
    expect(await page.evaluate(GROUND)).toBe('rgb(255, 255, 255)');
    await page.evaluate(`void dispatchEvent(new Event('afterprint'))`);
    expect(await openClients()).toBe(0);
    expect(await bodyRows(page).count()).toBe(100);
  });

  it('follows the system’s colours, and those that its reader chooses over them', async () => {
    await using opened = await open('story', { colorScheme: 'dark' });
    const { page } = opened;
    const ground = (): Promise<unknown> => page.evaluate(GROUND);
    const dark = await ground();
    await page.getByRole('radio', { name: 'Light' }).check();
    const light = await ground();
    expect(light).not.toBe(dark);
    await page.getByRole('radio', { name: 'Dark' }).check();
    expect(await ground()).toBe(dark);
    await page.getByRole('radio', { name: 'System' }).check();
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await ground()).toBe(light);
  });

  it.each([360, 720, 1920])('fits a screen of %i pixels', async (width) => {
    await using opened = await open('story', { viewport: { width, height: 800 } });
    const widest = await opened.page.evaluate('document.documentElement.scrollWidth');
    expect(widest).toBe(width);
  });

  it('shows what needs attention, and every client’s tokens, without scripts', async () => {
    await using opened = await open('story', { javaScriptEnabled: false });
    const { page } = opened;
    expect(await page.locator('noscript p').innerText()).toContain('This table needs scripts');
    expect(await page.locator('#attention').getByText('payroll-sync').isVisible()).toBe(true);
    expect(await page.locator('#timeline').getByText('payroll-sync', { exact: true }).first().isVisible()).toBe(true);
    expect(await page.getByRole('searchbox').count()).toBe(0);
    expect(await page.getByRole('button').count()).toBe(0);
  });
});

async function open(name: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  const url = pathToFileURL(files.get(name) ?? '').href;
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== url && request.url() !== 'data:,') requests.push(request.url());
  });
  await page.goto(url);
  return { page, complaints, requests, [Symbol.asyncDispose]: () => context.close() };
}

function bodyRows(page: Page): ReturnType<Page['locator']> {
  return page.locator('table.all tbody tr');
}

function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.textContent');
}
