import { expect, it } from 'vitest';
import type { DeployedAuthorizer } from '../../backends/gateway.ts';
import { readFunction } from './api-function.ts';
import { judgeAuthorizer, type ApiReport } from './api.ts';

const SETTINGS = {
  registry: { scheme: 'dynamodb', place: 'apikey-prod' },
  issuer: 'https://api.example.gov',
  audience: 'https://api.example.gov',
} as const;
const VARIABLES = {
  APIKEY_TABLE: 'apikey-prod',
  APIKEY_ISSUER: 'https://api.example.gov',
  APIKEY_AUDIENCE: 'https://api.example.gov',
  APIKEY_ROUTES: '[]',
};
const HTTP: DeployedAuthorizer = {
  name: 'apikey',
  type: 'REQUEST',
  resultTtl: 0,
  identitySources: [],
  simple: true,
  functionArn: 'arn:aws:lambda:us-east-1:111122223333:function:apikey-prod-authorizer',
  routeKeys: ['GET /plans'],
};
const REST: DeployedAuthorizer = {
  ...HTTP,
  type: 'TOKEN',
  simple: false,
  identitySources: ['method.request.header.Authorization'],
  routeKeys: [],
};
const COMPLETE = ['$request.header.Authorization', '$context.routeKey', '$context.identity.sourceIp'];

function judge(
  kind: 'REST' | 'HTTP' | 'WEBSOCKET',
  more: Partial<DeployedAuthorizer> = {},
  variables: Readonly<Record<string, string>> = {},
): ApiReport {
  const authorizer = { ...(kind === 'REST' ? REST : HTTP), ...more };
  return judgeAuthorizer({ kind }, authorizer, readFunction({ ...VARIABLES, ...variables }), SETTINGS);
}

function findings(report: ApiReport): string[] {
  return report.checks.filter(({ ok }) => ok === false).map(({ name, what }) => `${name}: ${what}`);
}

it('finds nothing where no answer is reused, and says that a revocation holds at once', () => {
  for (const kind of ['REST', 'HTTP'] as const) {
    const report = judge(kind);
    expect(findings(report)).toEqual([]);
    expect(report.revocationSeconds).toBe(0);
    expect(report.checks.at(-1)?.what).toBe(
      'apikey: a revocation holds for the next request (result TTL 0 + staleness 0 + stale if error 0), that of a key within 60 s',
    );
  }
});

it('adds up what gateway and function are set to, and two seconds where answers are reused', () => {
  const report = judge(
    'HTTP',
    { resultTtl: 30, identitySources: COMPLETE },
    { APIKEY_GATEWAY_RESULT_TTL: '30', APIKEY_MAX_STALENESS_TOKENS: '5', APIKEY_STALE_IF_ERROR: '10' },
  );
  expect(findings(report)).toEqual([]);
  expect(report.revocationSeconds).toBe(47);
  expect(report.checks.at(-1)?.what).toBe(
    'apikey: a revocation holds within 47 s (result TTL 30 + staleness 5 + stale if error 10 + 2 to decide), that of a key within 102 s',
  );
});

it('warns of a REST API that was left at 300 s', () => {
  const report = judge('REST', { resultTtl: 300 }, { APIKEY_GATEWAY_RESULT_TTL: '300' });
  expect(findings(report)).toEqual(['ttl: apikey reuses answers for 300 s']);
  expect(report.revocationSeconds).toBe(302);
});

it('warns of a function that takes the gateway for quicker than it is', () => {
  const report = judge('REST', { resultTtl: 60 }, { APIKEY_GATEWAY_RESULT_TTL: '5' });
  expect(findings(report)).toEqual(['ttl: apikey reuses answers for 60 s, and the function believes 5 s']);
});

it('warns of each part that a cache key lacks', () => {
  const lacking = (source: string, routeKeys = ['GET /plans']): string[] => {
    const identitySources = [...COMPLETE, '$context.path', '$context.httpMethod'].filter((part) => part !== source);
    return findings(judge('HTTP', { resultTtl: 5, identitySources, routeKeys }, { APIKEY_GATEWAY_RESULT_TTL: '5' }));
  };
  expect(lacking('none of them', ['ANY /{proxy+}', '$default'])).toEqual([]);
  expect(lacking('$request.header.Authorization')).toEqual([
    'cache-key: the identity sources of apikey lack the Authorization header',
  ]);
  expect(lacking('$context.routeKey')).toEqual(['cache-key: the identity sources of apikey lack the route key']);
  expect(lacking('$context.identity.sourceIp')).toEqual([
    'cache-key: the identity sources of apikey lack the source address',
  ]);
  expect(lacking('$context.path')).toEqual([]);
  expect(lacking('$context.path', ['GET /plans/{id}'])).toEqual([
    'cache-key: the identity sources of apikey lack the path, and of GET /plans/{id} there is more than one',
  ]);
  expect(lacking('$context.httpMethod', ['ANY /plans'])).toEqual([
    'cache-key: the identity sources of apikey lack the method, and of ANY /plans there is more than one',
  ]);
});

it('asks for neither method nor path where the answer does not depend on them', () => {
  const wide = { resultTtl: 5, identitySources: COMPLETE, routeKeys: ['$default'] };
  expect(findings(judge('HTTP', wide, { APIKEY_GATEWAY_RESULT_TTL: '5', APIKEY_ROUTES: '' }))).toEqual([]);
  expect(findings(judge('HTTP', { ...wide, simple: false }, { APIKEY_GATEWAY_RESULT_TTL: '5' }))).toEqual([]);
});

it('holds a REST authorizer to what its function was told of the address', () => {
  const told = { APIKEY_GATEWAY_RESULT_TTL: '5', APIKEY_ADDRESS_IN_CACHE_KEY: 'true' };
  const sources = ['method.request.header.Authorization', 'context.identity.sourceIp'];
  expect(findings(judge('REST', { resultTtl: 5, type: 'REQUEST', identitySources: sources }, told))).toEqual([]);
  expect(findings(judge('REST', { resultTtl: 5 }, told))).toHaveLength(1);
  const silent = judge('REST', { resultTtl: 5 }, { APIKEY_GATEWAY_RESULT_TTL: '5' });
  expect(findings(silent)).toEqual([]);
  expect(silent.checks.find(({ name }) => name === 'address')?.ok).toBeNull();
});

it('finds a function of another environment', () => {
  expect(findings(judge('REST', {}, { APIKEY_TABLE: 'apikey-test' }))).toEqual([
    'function: APIKEY_TABLE is apikey-test, and in this environment it is apikey-prod',
  ]);
  expect(findings(judge('REST', {}, { APIKEY_AUDIENCE: 'https://other.example.gov' }))).toHaveLength(1);
});

it('says what it does not know of a function that is not the prebuilt one', () => {
  const report = judge('REST', {}, { APIKEY_TABLE: '' });
  expect(report.revocationSeconds).toBeUndefined();
  expect(report.checks.filter(({ ok }) => ok === null).map(({ name }) => name)).toEqual(['function', 'bound']);
});

it('says that open sockets are not authorized again', () => {
  expect(judge('WEBSOCKET').checks[0]?.what).toContain('an open one is not authorized again');
});
