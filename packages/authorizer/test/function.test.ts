/** The prebuilt function: what is in the zip, what must not be, and what it answers with nothing but variables. */
import { toJwks } from '@apikey/shared';
import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildFunction, invoke, type BuiltFunction } from './built-function.ts';
import { ALLOW, putInKms, startFakeAws, TABLE, type FakeAws } from './fake-aws.ts';
import { API, BASE, httpEventV1, httpEventV2, requestEvent, tokenEvent } from './lambda-events.ts';
import { readZip } from './read-zip.ts';
import { AUDIENCE, ISSUER, World, type Issued, type IssueOptions } from './world.ts';

/** Bytes, minified, of all that is deployed. */
const CEILING = 450_000;

interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
        readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
      }
    >
  >;
}

let built: BuiltFunction;
let names: readonly string[];
let meta: Metafile;

beforeAll(async () => {
  built = await buildFunction();
  names = (await readdir(built.folder)).filter((name) => name.endsWith('.mjs')).toSorted();
  meta = JSON.parse(await readFile(join(built.folder, 'meta.json'), 'utf8')) as Metafile;
});

afterAll(() => built[Symbol.asyncDispose]());

function outputs(kinds: readonly string[]): [string, Metafile['outputs'][string]][] {
  const all = Object.entries(meta.outputs).filter(([path]) => path.endsWith('.mjs'));
  const entry = all.find(([path]) => path.endsWith('/index.mjs'));
  const reached = new Map(entry === undefined ? [] : [entry]);
  for (const [, output] of reached) {
    for (const { path, kind } of output.imports) {
      const found = meta.outputs[path];
      if (found !== undefined && kinds.includes(kind)) reached.set(path, found);
    }
  }
  return [...reached];
}

/** The source files whose code is in the outputs that are reached through these kinds of import. */
function inputs(kinds: readonly string[]): string[] {
  return outputs(kinds).flatMap(([, output]) =>
    Object.entries(output.inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path),
  );
}

const EAGER = ['import-statement'];
const ALL = ['import-statement', 'dynamic-import'];

describe('the zip', () => {
  test('holds the entry and its chunks and nothing else, and keeps to its ceiling', async () => {
    const entries = readZip(await readFile(join(built.folder, 'apikey-authorizer.zip')));
    expect(entries.map(({ name }) => name)).toEqual(names);
    expect(names).toHaveLength(3);
    expect(names).toContain('index.mjs');
    expect(entries.reduce((sum, { contents }) => sum + contents.length, 0)).toBeLessThan(CEILING);
  });

  test('unpacks to the files beside it, readable by everybody and without a time of their own', async () => {
    for (const { name, contents, mode, date, time } of readZip(
      await readFile(join(built.folder, 'apikey-authorizer.zip')),
    )) {
      expect([mode, date, time]).toEqual(['100644', 0x21, 0]);
      expect(contents.equals(await readFile(join(built.folder, name)))).toBe(true);
    }
  });

  test('is the same bytes for the same sources', async () => {
    await using again = await buildFunction();
    const hashes = [built, again].map(async ({ folder }) =>
      createHash('sha256')
        .update(await readFile(join(folder, 'apikey-authorizer.zip')))
        .digest('hex'),
    );
    expect(await hashes[0]).toBe(await hashes[1]);
  });

  test('has its source maps apart', async () => {
    const maps = await readdir(join(built.folder, 'maps'));
    expect(maps.toSorted()).toEqual(names.map((name) => `${name}.map`));
    const code = await Promise.all(names.map((name) => readFile(join(built.folder, name), 'utf8')));
    expect(code.join('')).not.toContain('sourceMappingURL');
  });
});

describe('the bundle', () => {
  test.each([
    ['the command line', /packages\/cli|\/cli\/src|commander|chalk/],
    ['SQLite and key files', /shared\/src\/local/],
    ['operations, which create and sign', /shared\/src\/operations/],
    ['code that creates or uses signing keys', /aws\/kms\/(create|sign|provider|inspector)/],
    ['writes to the table', /aws\/dynamodb\/(writes|registry|commit|table-setup)/],
    ['memory adapters', /shared\/src\/testing/],
    ["zod's full build", /zod\/v4\/classic|zod\/v4\/locales|zod\/lib|zod\/(v4\/)?index/],
    ["the SDK's chain of credential providers", /credential-provider-(node|ini|sso|process|web-identity|http)/],
    ['what browsers need', /bowser/],
  ])('has nothing of %s', (_, pattern) => {
    expect(inputs(ALL).filter((path) => pattern.test(path))).toEqual([]);
  });

  test('has KMS in a chunk that is loaded lazily, and not in what is loaded at the start', () => {
    expect(inputs(ALL).some((path) => path.includes('@aws-sdk/client-kms'))).toBe(true);
    expect(inputs(EAGER).filter((path) => path.includes('client-kms'))).toEqual([]);
    // The guard sees what it looks for.
    expect(inputs(EAGER).some((path) => path.includes('@aws-sdk/client-dynamodb'))).toBe(true);
  });

  test('imports modules of Node alone, but for one that the SDK never gets to', () => {
    const external = outputs(ALL).flatMap(([, { imports }]) => imports.filter((one) => one.external === true));
    const foreign = new Set(external.map(({ path }) => path).filter((path) => !path.startsWith('node:')));
    expect([...foreign].toSorted()).toEqual(['@smithy/core/event-streams']);
    expect(external.map(({ path }) => path)).not.toContain('node:sqlite');
  });
});

describe('with nothing but variables', () => {
  let world: World;
  let aws: FakeAws;
  const now = Math.floor(Date.now() / 1000);
  const issue = (options: IssueOptions = {}): Issued =>
    world.issue({ ...options, claims: { iat: now, exp: now + 3600, ...options.claims } });
  const variables = (): Record<string, string> => ({
    ...aws.env,
    APIKEY_TABLE: TABLE,
    APIKEY_ISSUER: ISSUER,
    APIKEY_AUDIENCE: AUDIENCE,
    APIKEY_KEYS_ALLOW: ALLOW,
  });

  beforeAll(async () => {
    world = new World();
    putInKms(world);
    aws = await startFakeAws(world);
  });

  afterAll(() => aws[Symbol.asyncDispose]());

  test('it answers REST and HTTP APIs, each export by its own events', async () => {
    const { token, jti } = issue({ scopes: ['plans:read'] });
    const context = { client: 'partner', jti, scopes: 'plans:read', kid: world.key.kid, exp: now + 3600 };
    const policy = (base: string): object => ({
      principalId: 'partner',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: [`${base}/*/*`] }],
      },
      context,
    });
    const { answers, lines } = await invoke(built.entry, variables(), [
      ['rest', tokenEvent(token)],
      ['rest', requestEvent(token)],
      ['http', httpEventV2(token)],
      ['handler', tokenEvent(token)],
      ['handler', httpEventV1(token)],
      ['handler', httpEventV2(token)],
      ['rest', tokenEvent('garbage')],
      ['http', httpEventV2('garbage')],
      ['handler', {}],
    ]);
    const simple = { isAuthorized: true, context };
    expect(answers).toEqual([
      policy(BASE),
      policy(BASE),
      simple,
      policy(BASE),
      policy(BASE),
      simple,
      'Error: Unauthorized',
      { isAuthorized: false },
      'Error: Unauthorized',
    ]);
    expect(lines).toEqual([]);
    expect(aws.calls.filter((call) => call === 'GetPublicKey')).toHaveLength(1);
    expect(API).toBe(BASE.replace('/prod', ''));
  });

  test('it denies what was revoked, and faults while the table is out of reach', async () => {
    const { token, jti } = issue();
    world.revoke(jti);
    const live = issue();
    await expect(invoke(built.entry, variables(), [['rest', tokenEvent(token)]])).resolves.toMatchObject({
      answers: ['Error: Unauthorized'],
    });
    aws.break(true);
    const { answers } = await invoke(built.entry, variables(), [
      ['rest', tokenEvent(live.token)],
      ['http', httpEventV2(live.token)],
    ]);
    aws.break(false);
    expect(answers).toEqual(['AuthorizerFault: REGISTRY_UNAVAILABLE', 'AuthorizerFault: REGISTRY_UNAVAILABLE']);
  });

  test('it needs neither KMS nor its client where the public keys are pinned', async () => {
    const { token } = issue();
    await using other = await buildFunction();
    await cp(built.folder, other.folder, { recursive: true });
    const kms = names.find((name) => name.startsWith('kms-')) ?? '';
    await rm(join(other.folder, kms));
    const { APIKEY_KEYS_ALLOW: _, ...rest } = variables();
    const jwks = JSON.stringify(toJwks([world.key]));
    const before = aws.calls.length;
    const pinned = await invoke(other.entry, { ...rest, APIKEY_JWKS: jwks }, [['rest', tokenEvent(token)]]);
    expect(pinned.answers).toMatchObject([{ principalId: 'partner' }]);
    expect(aws.calls.slice(before)).not.toContain('GetPublicKey');
    // Without that chunk and without pinned keys there is no key: so it is this chunk that fetches them.
    const fetched = await invoke(other.entry, variables(), [['rest', tokenEvent(token)]]);
    expect(fetched.answers).toEqual(['AuthorizerFault: KEYS_UNAVAILABLE']);
  });

  test('it trusts no key outside of its allow-list, whatever the ring says', async () => {
    const { token } = issue();
    const elsewhere = { ...variables(), APIKEY_KEYS_ALLOW: ALLOW.replace('111122223333', '444455556666') };
    const before = aws.calls.length;
    const { answers } = await invoke(built.entry, elsewhere, [['rest', tokenEvent(token)]]);
    expect(answers).toEqual(['AuthorizerFault: KEYS_UNAVAILABLE']);
    expect(aws.calls.slice(before)).not.toContain('GetPublicKey');
  });

  test('it writes one line for each decision, with the metrics in it, and never a token', async () => {
    const { token, jti } = issue({ scopes: ['plans:read'] });
    const env = {
      ...variables(),
      APIKEY_LOG: 'json',
      APIKEY_METRICS: 'emf',
      APIKEY_MAX_STALENESS_TOKENS: '60',
      APIKEY_ROUTES: JSON.stringify([{ method: 'GET', path: '/plans/*', scopes: ['plans:read'] }]),
      AWS_LAMBDA_FUNCTION_NAME: 'authorizer-prod',
    };
    const { lines } = await invoke(built.entry, env, [
      ['rest', tokenEvent(token)],
      ['rest', tokenEvent(token)],
      ['rest', tokenEvent(token, { path: '/else' })],
      ['rest', tokenEvent('garbage')],
    ]);
    const entries = lines.map((line): Record<string, unknown> => JSON.parse(line));
    expect(entries.map(({ Reason }) => Reason)).toEqual(['allowed', 'allowed', 'insufficient_scope', 'malformed']);
    expect(entries.map(({ StatusCacheHits }) => StatusCacheHits)).toEqual([0, 1, 1, 0]);
    expect(entries[0]).toMatchObject({
      type: 'apikey.decision',
      client: 'partner',
      jti,
      FunctionName: 'authorizer-prod',
    });
    expect(entries[3]).not.toHaveProperty('client');
    expect(lines.join('\n')).not.toContain(token.slice(0, 40));
    expect(lines.join('\n')).not.toContain('eyJ');
  });

  test('it records uses where it is told to, and by default does not', async () => {
    const { token, jti, claims } = issue();
    const events = [
      ['rest', tokenEvent(token)],
      ['http', httpEventV2(token)],
      ['rest', tokenEvent('garbage')],
    ] as const;
    const env = { ...variables(), APIKEY_LOG: 'json' };
    const without = await invoke(built.entry, { ...env, APIKEY_TRACK_USAGE: 'false' }, events);
    await invoke(built.entry, env, events);
    expect(aws.written).toEqual([]);
    expect(without.lines.map((line) => JSON.parse(line))).not.toContainEqual(
      expect.objectContaining({ usage: expect.anything() }),
    );
    const { answers, lines } = await invoke(built.entry, { ...env, APIKEY_TRACK_USAGE: 'true' }, events);
    expect(answers).toEqual(without.answers);
    expect(lines.map((line): unknown => JSON.parse(line).usage)).toEqual(['written', undefined, undefined]);
    expect(aws.written).toEqual([
      {
        pk: { S: `USAGE#${jti}` },
        sk: { S: 'USAGE' },
        jti: { S: jti },
        client: { S: 'partner' },
        usedAt: { N: expect.stringMatching(/^\d{10}$/) },
        ttl: { N: String(claims.exp + 400 * 86_400) },
      },
    ]);
  });

  test('it does not start with variables that are wrong, and names each of them', async () => {
    const env = { ...variables(), APIKEY_ISSUER: '', APIKEY_GATEWAY_RESULT_TTL: '5m', APIKEY_STALENESS: '3' };
    const start = invoke(built.entry, env, []);
    await expect(start).rejects.toThrow(/APIKEY_ISSUER is required/);
    await expect(start).rejects.toThrow(/APIKEY_GATEWAY_RESULT_TTL must be a whole number of seconds/);
    await expect(start).rejects.toThrow(/APIKEY_STALENESS is not a variable of this function/);
  });
});
