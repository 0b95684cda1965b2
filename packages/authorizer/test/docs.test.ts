/** `docs/authorizer.md` says what is so: its samples compile, one is run, and its tables are complete. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { revocationBound } from '@apikey/shared';
import { createAuthorizer, FAULTS, REFUSALS } from '../src/index.ts';
import { localEnvironment } from './local-environment.ts';
import { World } from './world.ts';

const run = promisify(execFile);
const PAGE = fileURLToPath(new URL('../../../docs/authorizer.md', import.meta.url));
/** Inside the package, so that the samples find it by its name. */
const SAMPLES = fileURLToPath(new URL('../.cache/docs', import.meta.url));
const TSC = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));

const page = await readFile(PAGE, 'utf8');
const samples = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);

beforeAll(async () => {
  await mkdir(SAMPLES, { recursive: true });
  await Promise.all(samples.map((code, index) => writeFile(join(SAMPLES, `sample-${index}.ts`), code)));
  const config = { extends: '../../tsconfig.json', compilerOptions: { isolatedDeclarations: false }, include: ['.'] };
  await writeFile(join(SAMPLES, 'tsconfig.json'), JSON.stringify(config));
});

afterAll(() => rm(SAMPLES, { recursive: true, force: true }));

test('every sample compiles', async () => {
  expect(samples.length).toBe(3);
  await expect(run(process.execPath, [TSC, '-p', SAMPLES])).resolves.toMatchObject({ stdout: '' });
});

test('the sample that decides by hand allows a live token', async () => {
  await using environment = await localEnvironment({
    issuer: 'https://apikey.localhost',
    audience: 'https://api.localhost',
  });
  const { token } = await environment.issue({ scopes: ['plans:read'] });
  const sample = join(SAMPLES, `sample-${samples.findIndex((code) => code.includes('readCredential'))}.ts`);
  const runSample = async (presented: string): Promise<string> => {
    const env = { ...process.env, APIKEY_DATA_DIR: environment.dataDir, TOKEN: presented };
    return (await run(process.execPath, ['--conditions=@apikey/source', sample], { env })).stdout;
  };
  await expect(runSample(token)).resolves.toMatch(/^allowed partner \[ 'plans:read' \] \d+\n$/);
  await expect(runSample('garbage')).resolves.toBe('denied malformed 401\n');
});

test('the table of faults has every code, with its meaning', () => {
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.*) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
  expect(rows).toEqual(Object.entries(FAULTS));
});

test('the table of options has every option', () => {
  const rows = [...page.matchAll(/^\| `([a-zA-Z.]+)` \|/gm)].map(([, name = '']) => name.split('.')[0] ?? '');
  const documented = new Set(rows.filter((name) => !(name in FAULTS)));
  // The error for an unknown option lists those that there are.
  const options = { ...new World().options(), unheardOf: 1 };
  expect(() => createAuthorizer(options)).toThrow(`there are: ${[...documented].join(', ')}`);
});

test('the table of refusals in docs/lambda.md has every one, with its meaning', async () => {
  const lambda = await readFile(new URL('../../../docs/lambda.md', import.meta.url), 'utf8');
  const section = lambda.slice(lambda.indexOf('| refusal | meaning |'));
  const rows = [...section.slice(0, section.indexOf('\n\n')).matchAll(/^\| `([a-z_]+)` \| (.*) \|$/gm)];
  expect(rows.map(([, code, meaning]) => [code, meaning])).toEqual(Object.entries(REFUSALS));
});

test('the table of bounds in docs/deploy.md says what the function computes', async () => {
  const deploy = await readFile(new URL('../../../docs/deploy.md', import.meta.url), 'utf8');
  const rows = [...deploy.matchAll(/^\| (\d+)[^|]*\| (\d+)[^|]*\| (\d+)[^|]*\| ([^|]+) \| (\d+) s \|/gm)];
  expect(rows.length).toBeGreaterThan(5);
  for (const [row, ttl, tokens, staleIfError, ofTokens, ofKeys] of rows) {
    const bound = revocationBound({
      gatewayResultTtl: Number(ttl),
      maxStaleness: { tokens: Number(tokens), keys: 60 },
      staleIfError: Number(staleIfError),
    });
    const words = bound.tokens === 0 ? 'the next request' : `${bound.tokens} s`;
    expect([row, ofTokens, Number(ofKeys)]).toEqual([row, words, bound.keys]);
  }
});
