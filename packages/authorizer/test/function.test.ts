/** The prebuilt function: what is in the zip, what must not be, and what it answers with nothing but variables. */
import { toJwks } from '@apikey/shared';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildFunction, invoke, type BuiltFunction } from './built-function.ts';
import { ALLOW, putInKms, startFakeAws, TABLE, type FakeAws } from './fake-aws.ts';
import { API, BASE, httpEventV1, httpEventV2, requestEvent, tokenEvent } from './lambda-events.ts';
import { readZip } from './read-zip.ts';
import { AUDIENCE, ISSUER, World, type Issued, type IssueOptions } from './world.ts';

/** Bytes, minified, of all that is deployed. */
const CEILING = 200_000;

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

const CLIENTS = ['answer', 'client', 'dynamodb', 'endpoint', 'kms', 'signature'];

const EAGER = ['import-statement'];
const ALL = ['import-statement', 'dynamic-import'];

describe('the zip', () => {
  test('holds the entry and nothing else, and keeps to its ceiling', async () => {
    const entries = readZip(await readFile(join(built.folder, 'apikey-authorizer.zip')));
    expect(entries.map(({ name }) => name)).toEqual(names);
    expect(names).toEqual(['index.mjs']);
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
    [
      'the rest of the SDK',
      /@aws-sdk|@aws-crypto|@smithy\/(?!signature-v4|core\/dist-es\/submodules\/(serde|transport|protocols\/util-uri-escape)\/)/,
    ],
    ['what browsers need', /bowser/],
  ])('has nothing of %s', (_, pattern) => {
    expect(inputs(ALL).filter((path) => pattern.test(path))).toEqual([]);
  });

  test('has small clients of DynamoDB and KMS in their place, and loads all that it has at the start', () => {
    // The guards see what they look for.
    expect(inputs(ALL).some((path) => path.includes('shared/src/aws/dynamodb/reads.ts'))).toBe(true);
    expect(inputs(ALL).some((path) => path.includes('shared/src/aws/kms/public-key.ts'))).toBe(true);
    expect(inputs(EAGER)).toEqual(expect.arrayContaining(CLIENTS.map((name) => `src/function/aws-client/${name}.ts`)));
    expect(inputs(ALL)).toEqual(inputs(EAGER));
  });

  test('imports nothing, and of Node not what an authorizer has no use for', async () => {
    expect(outputs(ALL).flatMap(([, { imports }]) => imports)).toEqual([]);
    const code = await readFile(built.entry, 'utf8');
    const builtins = [...code.matchAll(/process\.getBuiltinModule\(["']([^"']+)["']\)/g)].map(([, name]) => name);
    const used = ['node:buffer', 'node:crypto', 'node:http', 'node:https', 'node:timers/promises'];
    expect(new Set(builtins)).toEqual(new Set(used));
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

  test('it does not need KMS where the public keys are pinned', async () => {
    const { token } = issue();
    const { APIKEY_KEYS_ALLOW: _, ...rest } = variables();
    const jwks = JSON.stringify(toJwks([world.key]));
    const before = aws.calls.length;
    const pinned = await invoke(built.entry, { ...rest, APIKEY_JWKS: jwks }, [['rest', tokenEvent(token)]]);
    expect(pinned.answers).toMatchObject([{ principalId: 'partner' }]);
    expect(aws.calls.slice(before)).not.toContain('GetPublicKey');
  });

  test('it limits clients to their networks', async () => {
    const { token } = issue();
    world.addClient('partner', { cidrs: ['192.0.2.0/24', '2001:db8::/32'] });
    const from = (address: string) => ['rest', requestEvent(token, { address })] as const;
    const addresses = ['192.0.2.10', '2001:db8::7', '198.51.100.1', '2001:db9::7'];
    const { answers } = await invoke(built.entry, variables(), addresses.map(from));
    world.addClient('partner');
    const effects = answers.map((answer) => /"Effect":"(\w+)"/.exec(JSON.stringify(answer))?.[1]);
    expect(effects).toEqual(['Allow', 'Allow', 'Deny', 'Deny']);
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
