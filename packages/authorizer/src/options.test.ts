/** Options are checked when an authorizer is made, and an error names the one to change. */
import { describe, expect, test } from 'vitest';
import { World } from '../test/world.ts';
import { AuthorizerConfigError, createAuthorizer } from './index.ts';
import { localKeys, localStatus } from './local/index.ts';

const { clock: _, onDecision: __, ...required } = new World().options();

/** Makes an authorizer of options that TypeScript would refuse. */
function make(options: unknown): unknown {
  // @ts-expect-error -- callers without types, and options from files
  return createAuthorizer(options);
}

describe('createAuthorizer', () => {
  test('needs four options and reads nothing', () => {
    const world = new World();
    expect(createAuthorizer(world.options())).toMatchObject({ gatewayResultTtl: 0 });
    expect(world.calls).toEqual({ status: 0, ring: 0, key: 0 });
  });

  test.each(['issuer', 'audience', 'status', 'keys'])('refuses to do without %s', (option) => {
    expect(() => make({ ...required, [option]: undefined })).toThrow(
      expect.objectContaining({ option, message: `${option} is required and has no default` }),
    );
  });

  test.each<[string, unknown]>([
    ['issuer', ''],
    ['issuer', 1],
    ['audience', '*'],
    ['audience', 'https://*.example.test'],
    ['audience', ['https://api.example.test']],
    ['audience', 'a b'],
    ['status', 'dynamodb'],
    ['status', []],
    ['keys', null],
    ['usage', null],
    ['usage', true],
    ['usage', {}],
    ['maxStaleness', 5],
    ['gatewayResultTtl', -1],
    ['gatewayResultTtl', 3601],
    ['gatewayResultTtl', '300'],
    ['maxLifetime', '1 year'],
    ['maxLifetime', 0],
    ['maxLifetime', 1.5],
    ['maxLifetime', null],
    ['clockTolerance', 61],
    ['clockTolerance', Number.NaN],
    ['staleIfError', 61],
    ['staleIfError', Number.POSITIVE_INFINITY],
    ['routes', 'GET /'],
    ['onDecision', 'log'],
    ['cache', 100],
    ['maxTokenLength', 0],
    ['maxTokenLength', 8193],
    ['clock', { wall: Date.now }],
  ])('refuses %s: %j', (option, value) => {
    const attempt = (): unknown => make({ ...required, [option]: value });
    expect(attempt).toThrow(AuthorizerConfigError);
    expect(attempt).toThrow(expect.objectContaining({ option: expect.stringMatching(new RegExp(`^${option}`)) }));
  });

  test.each<[string, object]>([
    ['status.readStatus', { status: {} }],
    ['status.readKeyRing', { status: { readStatus: () => undefined } }],
    ['keys.publicKey', { keys: {} }],
    ['maxStaleness.tokens', { maxStaleness: { tokens: -1 } }],
    ['maxStaleness.keys', { maxStaleness: { keys: '60' } }],
    ['maxStaleness.token', { maxStaleness: { token: 0 } }],
    ['cache.tokens', { cache: { tokens: 1.5 } }],
    ['cache.size', { cache: { size: 1 } }],
    ['maxStalenes', { maxStalenes: { tokens: 0 } }],
    ['audiences', { audiences: [] }],
  ])('refuses %s, by its name', (option, options) => {
    expect(() => make({ ...required, ...options })).toThrow(expect.objectContaining({ option }));
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'options'],
  ])('refuses %s', (_title, options) => {
    expect(() => make(options)).toThrow(AuthorizerConfigError);
  });

  test('takes an optional option that is undefined for one that is absent', () => {
    const authorizer = createAuthorizer({ ...required, gatewayResultTtl: undefined, routes: undefined });
    expect(authorizer.gatewayResultTtl).toBe(0);
  });

  test('takes a lifetime in seconds or as a duration', async () => {
    const world = new World();
    const issued = world.issue();
    const reason = { reason: 'lifetime_exceeded' };
    await expect(world.authorizer({ maxLifetime: '89d' }).authorize(issued)).resolves.toMatchObject(reason);
    await expect(world.authorizer({ maxLifetime: 90 * 86_400 - 1 }).authorize(issued)).resolves.toMatchObject(reason);
    await expect(world.authorizer({ maxLifetime: 'P90D' }).authorize(issued)).resolves.toMatchObject({ allowed: true });
  });

  test('takes a limit on the length of tokens', async () => {
    const world = new World();
    const issued = world.issue();
    const { length } = issued.token;
    const malformed = { reason: 'malformed' };
    await expect(world.authorizer({ maxTokenLength: length - 1 }).authorize(issued)).resolves.toMatchObject(malformed);
    await expect(world.authorizer({ maxTokenLength: length }).authorize(issued)).resolves.toMatchObject({
      allowed: true,
    });
  });
});

test.each([undefined, '', 7])(
  'a local source refuses the directory %j instead of looking somewhere else',
  (dataDir) => {
    // @ts-expect-error -- a variable of the environment may be missing
    expect(() => localStatus({ dataDir })).toThrow(expect.objectContaining({ option: 'dataDir' }));
    // @ts-expect-error -- a variable of the environment may be missing
    expect(() => localKeys({ dataDir })).toThrow(expect.objectContaining({ option: 'dataDir' }));
  },
);
