/**
 * Draws `docs/images/report.png`: the upper part of a report, as Chromium shows it, of the environment that
 * `test/report-story.ts` tells of. Ids are made by chance, so that no two pictures are the same to the byte.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { launchChromium } from '../test/chromium.ts';
import { tellStory } from '../test/report-story.ts';
import { Session } from '../test/session.ts';

const PICTURE = fileURLToPath(new URL('../../../docs/images/report.png', import.meta.url));
const WIDTH = 1280;

using session = new Session();
await tellStory(session);
// Less to attend to than the story leaves, so that the timeline comes into the picture.
for (const client of ['open-statistics', 'records-archive']) {
  await run('clients', 'set', client, '--contact', `${client}@agency.example`);
}
await run('revoke', '--client', 'records-archive', '--all', '--yes');
await run('keys', 'activate', await newestKey(), '--yes');
await run('report', '-o', 'report.html');

const browser = await launchChromium();
try {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 900 }, colorScheme: 'light' });
  await page.goto(pathToFileURL(join(session.cwd, 'report.html')).href);
  const end = await page.locator('details').nth(2).boundingBox();
  if (end === null) throw new Error('the report shows fewer clients than the story has');
  mkdirSync(fileURLToPath(new URL('.', pathToFileURL(PICTURE))), { recursive: true });
  await page.screenshot({
    path: PICTURE,
    fullPage: true,
    clip: { x: 0, y: 0, width: WIDTH, height: Math.ceil(end.y + end.height) },
  });
} finally {
  await browser.close();
}

async function run(...argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await session.run(argv);
  if (code !== 0) throw new Error(`apikey ${argv.join(' ')}: ${stderr}`);
  return stdout;
}

async function newestKey(): Promise<string> {
  const keys: { readonly kid: string }[] = JSON.parse(await run('keys', 'list', '--json'));
  return keys.at(-1)?.kid ?? '';
}
