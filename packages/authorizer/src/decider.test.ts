/** How much an authorizer holds: bounded, and not at all by those who hold no token. */
import { sha256Base64url } from '@apikey/shared';
import { expect, test } from 'vitest';
import { testKey, World } from '../test/world.ts';
import { Decider } from './decider.ts';
import { parseOptions } from './options.ts';

test('forged traffic leaves nothing behind', async () => {
  const world = new World();
  const decider = new Decider(parseOptions(world.options()));
  await decider.authorize(world.issue());
  const before = decider.sizes;
  for (let n = 0; n < 500; n += 1) {
    const unknown = world.issue({ key: { ...world.key, kid: sha256Base64url(`made up ${n}`) } });
    const forged = world.issue({ key: { ...testKey('ES256', 1), kid: world.key.kid } });
    // oxlint-disable-next-line no-await-in-loop
    await Promise.all([unknown.token, forged.token, `garbage ${n}`].map((token) => decider.authorize({ token })));
  }
  expect(decider.sizes).toEqual(before);
});

test('real tokens are held up to the limits and no further', async () => {
  const world = new World();
  const options = { ...world.options(), maxStaleness: { tokens: 60 }, cache: { tokens: 20, statuses: 10 } };
  const decider = new Decider(parseOptions(options));
  for (let n = 0; n < 100; n += 1) {
    const issued = world.issue();
    if (n % 3 === 0) world.revoke(issued.jti);
    // oxlint-disable-next-line no-await-in-loop
    await decider.authorize(issued);
    const { tokens, statuses, dead, statusReads, publicKeys } = decider.sizes;
    expect(Math.max(tokens / 2, statuses, dead)).toBeLessThanOrEqual(10);
    expect([statusReads, publicKeys]).toEqual([0, 1]);
  }
});

test('without caches every decision is made from the beginning, and is the same', async () => {
  const world = new World();
  const options = { ...world.options(), maxStaleness: { tokens: 60 }, cache: { tokens: 0, statuses: 0 } };
  const decider = new Decider(parseOptions(options));
  const issued = world.issue();
  const first = await decider.authorize(issued);
  await expect(decider.authorize(issued)).resolves.toEqual(first);
  expect(decider.sizes).toMatchObject({ tokens: 0, statuses: 0 });
  expect(world.calls.status).toBe(2);
});
