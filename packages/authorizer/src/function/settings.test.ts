/** The function's variables: what they take, and that everything wrong with them is told at once and by name. */
import { toJwks } from '@apikey/shared';
import { kmsKeys } from '../kms/index.ts';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { testKey } from '../../test/world.ts';
import { AuthorizerConfigError } from '../config-error.ts';
import { functionHandlers } from './handlers.ts';
import { asFunctionError, FunctionConfigError, readSettings } from './settings.ts';
import { VARIABLES } from './variables.ts';

const minimal = {
  APIKEY_TABLE: 'apikey-prod',
  APIKEY_ISSUER: 'https://api.example.gov',
  APIKEY_AUDIENCE: 'https://api.example.gov',
  APIKEY_KEYS_ALLOW: 'arn:aws:kms:us-east-1:111122223333:key/*',
};
const jwks = JSON.stringify(toJwks([testKey(), testKey('EdDSA')]));

function problemsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    functionHandlers(environment, () => {});
  } catch (error) {
    if (error instanceof FunctionConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('variables', () => {
  test('that are required are enough', () => {
    expect(problemsOf(minimal)).toEqual([]);
    expect(readSettings(minimal)).toMatchObject({
      table: 'apikey-prod',
      trackUsage: false,
      log: false,
      httpResponses: 'simple',
    });
  });

  test('may be set to nothing, which is the same as not at all', () => {
    const optional = VARIABLES.filter(({ name }) => !(name in minimal)).map(({ name }) => [name, ' ']);
    expect(readSettings({ ...minimal, ...Object.fromEntries(optional) })).toEqual(readSettings(minimal));
  });

  test('reach the settings that they name', () => {
    const settings = readSettings({
      ...minimal,
      APIKEY_KEYS_ALLOW: ' arn:aws:kms:us-east-1:111122223333:key/mrk-* , arn:aws:kms:eu-west-1:111122223333:key/a-1',
      APIKEY_JWKS: jwks,
      APIKEY_MAX_STALENESS_TOKENS: '5',
      APIKEY_MAX_STALENESS_KEYS: '30',
      APIKEY_STALE_IF_ERROR: '10',
      APIKEY_GATEWAY_RESULT_TTL: '300',
      APIKEY_MAX_LIFETIME: '90d',
      APIKEY_CLOCK_TOLERANCE: '2',
      APIKEY_ROUTES: '[{"method":"GET","path":"/plans/*","scopes":["plans:read"]}]',
      APIKEY_STAGES: 'blue,green',
      APIKEY_ADDRESS_IN_CACHE_KEY: 'true',
      APIKEY_USAGE_KEY: 'jti',
      APIKEY_HTTP_RESPONSES: 'policy',
      APIKEY_TRACK_USAGE: 'true',
      APIKEY_LOG: 'json',
      APIKEY_METRICS: 'emf',
      APIKEY_METRICS_NAMESPACE: 'gov/apikey',
    });
    expect(settings).toMatchObject({
      allow: ['arn:aws:kms:us-east-1:111122223333:key/mrk-*', 'arn:aws:kms:eu-west-1:111122223333:key/a-1'],
      maxStalenessTokens: 5,
      maxStalenessKeys: 30,
      staleIfError: 10,
      gatewayResultTtl: 300,
      maxLifetime: '90d',
      clockTolerance: 2,
      routes: [{ method: 'GET', path: '/plans/*', scopes: ['plans:read'] }],
      stages: ['blue', 'green'],
      addressInCacheKey: true,
      usageIdentifierKey: 'jti',
      httpResponses: 'policy',
      trackUsage: true,
      log: true,
      metrics: 'gov/apikey',
    });
    expect([...settings.pinned.keys()]).toEqual([testKey().kid, testKey('EdDSA').kid]);
  });

  test('that are missing or unknown are told all at once', () => {
    const problems = problemsOf({ APIKEY_TABEL: 'apikey-prod', PATH: '/bin' });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'APIKEY_TABEL',
      'APIKEY_TABLE',
      'APIKEY_ISSUER',
      'APIKEY_AUDIENCE',
      'APIKEY_KEYS_ALLOW',
    ]);
    expect(new FunctionConfigError(problems).message.split('\n- ')).toHaveLength(6);
  });

  test.each<[string, string, RegExp]>([
    ['APIKEY_TABLE', 'a b', /^APIKEY_TABLE must be the name of a DynamoDB table/],
    ['APIKEY_ISSUER', 'https://*.example.gov', /^APIKEY_ISSUER must be one exact text/],
    ['APIKEY_AUDIENCE', 'two words', /^APIKEY_AUDIENCE must be 1 to 512/],
    ['APIKEY_KEYS_ALLOW', '*', /^APIKEY_KEYS_ALLOW has "\*", which is not a key ARN/],
    ['APIKEY_KEYS_ALLOW', 'arn:aws:kms:us-east-1:111122223333:alias/x', /^APIKEY_KEYS_ALLOW has/],
    ['APIKEY_JWKS', '{}', /^APIKEY_JWKS must be a JWK set/],
    ['APIKEY_JWKS', '{"keys":[]}', /^APIKEY_JWKS must be a JWK set/],
    ['APIKEY_JWKS', '{"keys":[],"keys":[]}', /^APIKEY_JWKS must be a JWK set in JSON/],
    ['APIKEY_JWKS', '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}', /^APIKEY_JWKS keys\[0\]: JWK refused/],
    ['APIKEY_MAX_STALENESS_TOKENS', '-1', /^APIKEY_MAX_STALENESS_TOKENS must be a whole number/],
    ['APIKEY_MAX_STALENESS_TOKENS', '3601', /^APIKEY_MAX_STALENESS_TOKENS must be a number of seconds from 0 to 3600/],
    ['APIKEY_MAX_STALENESS_KEYS', '1m', /^APIKEY_MAX_STALENESS_KEYS must be a whole number/],
    ['APIKEY_STALE_IF_ERROR', '61', /^APIKEY_STALE_IF_ERROR must be a number of seconds from 0 to 60/],
    ['APIKEY_GATEWAY_RESULT_TTL', '3601', /^APIKEY_GATEWAY_RESULT_TTL must be a number of seconds from 0 to 3600/],
    ['APIKEY_MAX_LIFETIME', 'a year', /^APIKEY_MAX_LIFETIME must be a duration/],
    ['APIKEY_CLOCK_TOLERANCE', '99', /^APIKEY_CLOCK_TOLERANCE must be/],
    ['APIKEY_ROUTES', '{"method":"GET"}', /^APIKEY_ROUTES must be JSON of its kind/],
    ['APIKEY_ROUTES', '[{"method":"GET","path":"/a"}]', /^APIKEY_ROUTES\[0\].scopes must be a list/],
    ['APIKEY_STAGES', 'a/b', /^APIKEY_STAGES must be a list/],
    ['APIKEY_ADDRESS_IN_CACHE_KEY', 'yes', /^APIKEY_ADDRESS_IN_CACHE_KEY must be true or false/],
    ['APIKEY_USAGE_KEY', 'kid', /^APIKEY_USAGE_KEY must be client or jti/],
    ['APIKEY_HTTP_RESPONSES', 'iam', /^APIKEY_HTTP_RESPONSES must be simple or policy/],
    ['APIKEY_TRACK_USAGE', 'yes', /^APIKEY_TRACK_USAGE must be true or false/],
    ['APIKEY_LOG', 'text', /^APIKEY_LOG must be json or off/],
    ['APIKEY_METRICS', 'statsd', /^APIKEY_METRICS must be emf or off/],
    ['APIKEY_METRICS_NAMESPACE', 'AWS/Lambda', /^APIKEY_METRICS_NAMESPACE is not a namespace/],
  ])('are refused: %s=%s', (name, value, problem) => {
    const problems = problemsOf({ ...minimal, [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
  });

  test('of pinned keys alone are enough to run without KMS', () => {
    const { APIKEY_KEYS_ALLOW: _, ...rest } = minimal;
    expect(problemsOf({ ...rest, APIKEY_JWKS: jwks })).toEqual([]);
  });

  test('of an allow-list are judged as `kmsKeys` judges it', () => {
    const arns = ['key/*', 'key/mrk-*', 'key/abc-1', 'key/mrk-abc', 'key/', 'key/a*', 'alias/a', 'key/*/x', 'key/a b'];
    for (const arn of arns.map((end) => `arn:aws:kms:us-east-1:111122223333:${end}`)) {
      const problems = problemsOf({ ...minimal, APIKEY_KEYS_ALLOW: arn });
      let accepted = true;
      try {
        kmsKeys({ allow: [arn] });
      } catch {
        accepted = false;
      }
      expect([arn, problems.length === 0]).toEqual([arn, accepted]);
    }
  });
});

test('routes for HTTP APIs alone need not fit into a policy, those for REST APIs must', () => {
  const many = Array.from({ length: 200 }, (_, index) => ({ method: 'GET', path: `/r${index}/*`, scopes: [] }));
  const environment = { ...minimal, APIKEY_ROUTES: JSON.stringify(many) };
  expect(problemsOf({ ...environment, _HANDLER: 'index.http' })).toEqual([]);
  for (const handler of ['index.rest', 'index.handler']) {
    expect(problemsOf({ ...environment, _HANDLER: handler })[0]).toMatch(/^APIKEY_ROUTES make answers of up to/);
  }
});

test('an error of the library that no variable stands for keeps its own words', () => {
  expect(asFunctionError(new AuthorizerConfigError('cache', 'must be an object'))).toMatchObject({
    problems: ['cache must be an object'],
  });
  const other = new Error('something else');
  expect(asFunctionError(other)).toBe(other);
});

test('the documentation lists every variable, with what holds without it', async () => {
  const page = await readFile(new URL('../../../../docs/lambda.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `(APIKEY_[A-Z_]+)` \| (.*?) \| (.*) \|$/gm)].map(([, ...cells]) => cells);
  const expected = VARIABLES.map(({ name, standard, meaning }) => [
    name,
    ['required', 'none', 'any', 'off'].includes(standard) ? standard : `\`${standard}\``,
    meaning,
  ]);
  expect(rows).toEqual(expected);
});
