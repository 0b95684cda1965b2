/** Pinned keys: found by the ring's own names, before and beside a source that fetches. */
import { toJwks } from '@apikey/shared';
import { describe, expect, test } from 'vitest';
import { testKey, World } from '../../test/world.ts';
import { AuthorizerFault, createAuthorizer, type Authorizer } from '../index.ts';
import { parseJwks, withPinnedKeys } from './pinned-keys.ts';

const other = testKey('ES256', 1);

function authorizerOf(world: World, pinned: string, others: boolean): Authorizer {
  return createAuthorizer({
    ...world.options(),
    ...withPinnedKeys(parseJwks(pinned), world.status, others ? world.keys : undefined),
  });
}

describe('a pinned key', () => {
  test('is not fetched', async () => {
    const world = new World();
    const { token } = world.issue();
    const authorizer = authorizerOf(world, JSON.stringify(toJwks([world.key])), true);
    await expect(authorizer.authorize({ token })).resolves.toMatchObject({ allowed: true });
    expect(world.calls.key).toBe(0);
  });

  test('does not keep others from being fetched', async () => {
    const world = new World();
    world.addKey(other);
    const { token } = world.issue({ key: other });
    const authorizer = authorizerOf(world, JSON.stringify(toJwks([world.key])), true);
    await expect(authorizer.authorize({ token })).resolves.toMatchObject({ allowed: true });
    expect(world.calls.key).toBe(1);
  });

  test('is the only one that counts, where nothing may be fetched', async () => {
    const world = new World();
    world.addKey(other);
    const { token } = world.issue({ key: other });
    const authorizer = authorizerOf(world, JSON.stringify(toJwks([world.key])), false);
    await expect(authorizer.authorize({ token })).rejects.toThrow(AuthorizerFault);
    await expect(authorizer.authorize({ token })).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
  });

  test('counts for nothing without a place in the ring, and no longer than the ring says', async () => {
    const world = new World();
    const { token } = world.issue({ key: other });
    const pinned = JSON.stringify(toJwks([world.key, other]));
    const authorizer = authorizerOf(world, pinned, false);
    await expect(authorizer.authorize({ token })).resolves.toMatchObject({ reason: 'key_unknown' });
    const revoked = world.issue();
    world.setKeyState(world.key, 'revoked');
    await expect(authorizerOf(world, pinned, false).authorize(revoked)).resolves.toMatchObject({
      reason: 'key_revoked',
    });
  });

  test('has its thumbprint as its name, whatever the set calls it', () => {
    const jwks = toJwks([other]);
    const renamed = { keys: jwks.keys.map((key) => ({ ...key, kid: testKey().kid })) };
    expect([...parseJwks(JSON.stringify(renamed)).keys()]).toEqual([other.kid]);
  });
});
