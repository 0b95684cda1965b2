/** The registry's file is moved away for two minutes under a gateway: when its first 503 comes, and what it announces. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { revocationBound } from '@apikey/shared';
import { ask, startGateway } from './gateway-world.ts';
import { Session } from './session.ts';

const SETTINGS = [
  { tokens: 0, keys: 0, staleIfError: 0 },
  { tokens: 0, keys: 0, staleIfError: 60 },
  { tokens: 5, keys: 5, staleIfError: 25 },
  { tokens: 20, keys: 45, staleIfError: 10 },
];

const moveAway = ({ dataDir }: Session): void => renameSync(join(dataDir, 'registry.db'), join(dataDir, 'away.db'));
const moveBack = ({ dataDir }: Session): void => renameSync(join(dataDir, 'away.db'), join(dataDir, 'registry.db'));

describe.each(SETTINGS)('max_staleness $tokens, of keys $keys, stale_if_error $staleIfError', (setting) => {
  const { staleIfError, ...maxStaleness } = setting;
  const bound = revocationBound({ gatewayResultTtl: 0, maxStaleness, staleIfError });

  it('answers 503 from the second on in which the first of the two ages is over', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    await using gateway = await startGateway(session, { maxStaleness, staleIfError });
    const authorize = async (): Promise<number> => (await ask(gateway.url, { path: '/authorize', token })).status;
    expect(await authorize()).toBe(200);
    moveAway(session);
    const statuses: number[] = [];
    for (let second = 1; second <= 120; second += 1) {
      session.now += 1000;
      statuses.push(await authorize());
    }
    expect(new Set(statuses)).toEqual(new Set(statuses.includes(200) ? [200, 503] : [503]));
    expect(statuses.indexOf(503)).toBe(Math.min(bound.tokens, bound.keys));
    expect(statuses.lastIndexOf(200)).toBe(statuses.indexOf(503) - 1);
    moveBack(session);
    expect(await authorize()).toBe(200);
  });

  it('lets a revoked token in no longer than that, though the registry went away at once', async () => {
    using session = new Session();
    const { token, jti } = await session.issue('--client', 'partner');
    await using gateway = await startGateway(session, { maxStaleness, staleIfError });
    const authorize = async (): Promise<number> => (await ask(gateway.url, { path: '/authorize', token })).status;
    expect(await authorize()).toBe(200);
    await session.run(['revoke', jti, '--yes']);
    moveAway(session);
    session.now += bound.tokens * 1000 + 1;
    expect(await authorize()).toBe(503);
    moveBack(session);
    expect(await authorize()).toBe(401);
    moveAway(session);
    // What was seen revoked needs no registry to be denied.
    expect(await authorize()).toBe(401);
  });
});
