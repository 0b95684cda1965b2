/** `examples/lambda-rest` and `examples/lambda-http`, started as Lambda starts them, and the sample of `docs/lambda.md`. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policyAllows, type PolicyDocument } from '../src/lambda/policy.ts';
import { invoke } from './built-function.ts';
import { ALLOW, putInKms, startFakeAws, TABLE, type FakeAws } from './fake-aws.ts';
import { BASE, httpEventV2, requestEvent, tokenEvent } from './lambda-events.ts';
import { AUDIENCE, ISSUER, World, type Issued } from './world.ts';

const FROM_SOURCE = ['--conditions=@apikey/source'];

function example(name: string): string {
  return fileURLToPath(new URL(`../../../examples/${name}/authorizer.ts`, import.meta.url));
}

let world: World;
let aws: FakeAws;
const now = Math.floor(Date.now() / 1000);

function issue(...scopes: string[]): Issued {
  return world.issue({ scopes, claims: { iat: now, exp: now + 3600 } });
}

function variables(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { ...aws.env, TABLE, KEY_ARNS: ALLOW, ISSUER, AUDIENCE, ...more };
}

beforeAll(async () => {
  world = new World();
  putInKms(world);
  aws = await startFakeAws(world);
});

afterAll(() => aws[Symbol.asyncDispose]());

describe('the REST example', () => {
  test('answers with a policy for all of its routes, and logs each decision without the token', async () => {
    const { token } = issue('plans:read');
    const { answers, lines } = await invoke(
      example('lambda-rest'),
      variables(),
      [
        ['handler', tokenEvent(token)],
        ['handler', requestEvent(token, { method: 'POST', path: '/plans' })],
        ['handler', tokenEvent('garbage')],
      ],
      FROM_SOURCE,
    );
    const [allowed, denied, refused] = answers as { policyDocument: PolicyDocument }[];
    const opened = (answer: typeof allowed): boolean[] =>
      ['GET/plans', 'GET/plans/1', 'GET/health', 'POST/plans', 'GET/plans/1/members', 'GET/else'].map(
        (request) => answer !== undefined && policyAllows(answer.policyDocument, `${BASE}/${request}`),
      );
    expect(opened(allowed)).toEqual([true, true, true, false, false, false]);
    expect(opened(denied)).toEqual(opened(allowed));
    expect(refused).toBe('Error: Unauthorized');
    expect(lines.map((line) => (JSON.parse(line) as { allowed: boolean }).allowed)).toEqual([true, false, false]);
    expect(lines.join('')).not.toContain('eyJ');
  });
});

describe('the HTTP example', () => {
  test('answers yes or no, and insists on the route key once its answers are kept', async () => {
    const { token } = issue('plans:read');
    const { answers } = await invoke(
      example('lambda-http'),
      variables(),
      [
        ['handler', httpEventV2(token)],
        ['handler', httpEventV2(token, { method: 'POST', path: '/plans' })],
        ['handler', httpEventV2('garbage')],
      ],
      FROM_SOURCE,
    );
    expect(answers).toMatchObject([{ isAuthorized: true, context: { client: 'partner' } }, {}, {}]);
    expect(answers.slice(1)).toEqual([{ isAuthorized: false }, { isAuthorized: false }]);
    const kept = await invoke(
      example('lambda-http'),
      variables({ RESULT_TTL: '60' }),
      [
        ['handler', httpEventV2(token)],
        ['handler', httpEventV2(token, { sources: [] })],
      ],
      FROM_SOURCE,
    );
    expect(kept.answers).toMatchObject([{ isAuthorized: true }, expect.stringContaining('$context.routeKey')]);
  });
});

test('the sample in the documentation compiles', async () => {
  const page = await readFile(new URL('../../../docs/lambda.md', import.meta.url), 'utf8');
  const samples = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
  expect(samples).toHaveLength(1);
  // Inside the package, so that the sample finds it by its name.
  const folder = fileURLToPath(new URL('../.cache/lambda-docs', import.meta.url));
  const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(join(folder, 'sample.ts'), samples[0] ?? '');
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: ['.'] }));
    await expect(promisify(execFile)(process.execPath, [tsc, '-p', folder])).resolves.toMatchObject({ stdout: '' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
