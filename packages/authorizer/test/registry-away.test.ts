/** The registry's file is moved away under a running authorizer: when the first fault comes, and that no revocation is missed. */
import { revocationBound, revokeKey, revokeToken } from '@apikey/shared';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AuthorizerFault, createAuthorizer } from '../src/index.ts';
import { localEnvironment, type LocalEnvironment } from './local-environment.ts';
import { AUDIENCE, ISSUER } from './world.ts';

interface Setting {
  readonly tokens: number;
  readonly keys: number;
  readonly staleIfError: number;
}

const settings: Setting[] = [
  { tokens: 0, keys: 0, staleIfError: 0 },
  { tokens: 0, keys: 0, staleIfError: 60 },
  { tokens: 0, keys: 60, staleIfError: 0 },
  { tokens: 0, keys: 60, staleIfError: 30 },
  { tokens: 10, keys: 30, staleIfError: 20 },
  { tokens: 45, keys: 5, staleIfError: 10 },
  { tokens: 60, keys: 60, staleIfError: 60 },
];

/** Two minutes by a clock that the test moves: one question a second until the first fault, and around the end. */
const SECONDS = 125;
const LAST = 10;
/** Each fault waits between its attempts: while the registry is away, one in so many seconds is enough. */
const STEP = 8;

interface Asked {
  readonly second: number;
  readonly outcome: string;
}

function movedClock(): { wall: () => number; monotonic: () => number; set: (second: number) => void } {
  const start = Date.now();
  let now = start;
  return { wall: () => now, monotonic: () => now, set: (second) => (now = start + second * 1000) };
}

const moveAway = ({ dataDir }: LocalEnvironment): Promise<void> =>
  rename(join(dataDir, 'registry.db'), join(dataDir, 'away.db'));
const moveBack = ({ dataDir }: LocalEnvironment): Promise<void> =>
  rename(join(dataDir, 'away.db'), join(dataDir, 'registry.db'));

/** Whether a live token is let in, `denied`, or met by a fault, for each second. */
async function ask(
  environment: LocalEnvironment,
  setting: Setting,
  then: (second: number) => unknown,
): Promise<readonly Asked[]> {
  const clock = movedClock();
  const { token } = await environment.issue();
  const { tokens, keys, staleIfError } = setting;
  const authorizer = createAuthorizer({
    issuer: ISSUER,
    audience: AUDIENCE,
    ...environment.sources(),
    maxStaleness: { tokens, keys },
    staleIfError,
    clock,
  });
  const asked: Asked[] = [];
  for (let second = 0, step = 1; second <= SECONDS; second += step) {
    clock.set(second);
    // oxlint-disable-next-line no-await-in-loop
    const outcome = await authorizer.authorize({ token }).then(
      ({ allowed }) => (allowed ? 'allowed' : 'denied'),
      (error: unknown) => (error instanceof AuthorizerFault ? error.code : 'no fault'),
    );
    asked.push({ second, outcome });
    // oxlint-disable-next-line no-await-in-loop
    await then(second);
    const isAway = outcome === 'REGISTRY_UNAVAILABLE' && second + STEP < SECONDS - LAST;
    step = isAway ? STEP : 1;
  }
  return asked;
}

describe.concurrent.each(settings)('with tokens: $tokens, keys: $keys, staleIfError: $staleIfError', (setting) => {
  const { tokens, keys, staleIfError } = setting;
  const bound = revocationBound({ gatewayResultTtl: 0, maxStaleness: { tokens, keys }, staleIfError });

  test('a registry that is away is a fault once either age is over, and not before', async () => {
    await using environment = await localEnvironment();
    const asked = await ask(environment, setting, (second) => (second === 0 ? moveAway(environment) : undefined));
    const lasts = Math.min(bound.tokens, bound.keys);
    expect(asked.find(({ outcome }) => outcome !== 'allowed')).toEqual({
      second: lasts + 1,
      outcome: 'REGISTRY_UNAVAILABLE',
    });
    const later = asked.filter(({ second }) => second > lasts);
    expect(new Set(later.map(({ outcome }) => outcome))).toEqual(new Set(['REGISTRY_UNAVAILABLE']));
  });

  test.each(['tokens', 'keys'] as const)(
    'what was revoked while nobody could see it is denied within the bound: %s',
    async (what) => {
      await using environment = await localEnvironment();
      const { deps } = environment;
      const asked = await ask(environment, setting, async (second) => {
        if (second === 0) {
          const [key] = (await deps.registry.readKeyRing())?.keys ?? [];
          if (what === 'keys') await revokeKey(deps, key?.kid ?? '');
          else for await (const { jti } of deps.registry.tokensOfClient('partner')) await revokeToken(deps, { jti });
          await moveAway(environment);
        }
        if (second === SECONDS - 5) await moveBack(environment);
      });
      expect(asked.findLast(({ outcome }) => outcome === 'allowed')?.second).toBeLessThanOrEqual(bound[what]);
      expect(asked.at(-1)).toEqual({ second: SECONDS, outcome: 'denied' });
    },
  );

  test('and one that comes back is read again at once', async () => {
    await using environment = await localEnvironment();
    const asked = await ask(environment, setting, async (second) => {
      if (second === 0) await moveAway(environment);
      if (second === SECONDS - 2) await moveBack(environment);
    });
    expect(asked.slice(-2).map(({ outcome }) => outcome)).toEqual(['allowed', 'allowed']);
  });
});
