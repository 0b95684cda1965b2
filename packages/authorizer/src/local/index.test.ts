/** The sources of the embedded backend: opened late, closed to what is not theirs, and honest about a missing file. */
import {
  InvalidStateError,
  NotFoundError,
  resumeClient,
  revokeKey,
  revokeToken,
  suspendClient,
  thumbprint,
} from '@apikey/shared';
import { rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { localEnvironment } from '../../test/local-environment.ts';
import { AUDIENCE, ISSUER } from '../../test/world.ts';
import { createAuthorizer, type Authorizer, type AuthorizerOptions } from '../index.ts';
import { localKeys, localStatus, localUsage } from './index.ts';

function authorizerFor(dataDir: string, maxStaleness?: AuthorizerOptions['maxStaleness']): Authorizer {
  return createAuthorizer({
    issuer: ISSUER,
    audience: AUDIENCE,
    status: localStatus({ dataDir }),
    keys: localKeys({ dataDir }),
    ...(maxStaleness === undefined ? {} : { maxStaleness }),
  });
}

test('a token that was issued on the embedded backend is allowed', async () => {
  await using environment = await localEnvironment();
  const { token, jti } = await environment.issue({ scopes: ['plans:read'] });
  const decision = { allowed: true, client: 'partner', jti, scopes: ['plans:read'] };
  await expect(authorizerFor(environment.dataDir).authorize({ token })).resolves.toMatchObject(decision);
});

test('what is committed on another connection holds for the very next decision, however often the same was read before', async () => {
  await using environment = await localEnvironment();
  const { dataDir, deps } = environment;
  const [first, second] = [await environment.issue(), await environment.issue()];
  const authorizer = authorizerFor(dataDir, { tokens: 0, keys: 0 });
  const decide = (token: string): Promise<unknown> => authorizer.authorize({ token });
  for (let n = 0; n < 3; n += 1) {
    await expect(decide(first.token)).resolves.toMatchObject({ allowed: true });
    await expect(decide(second.token)).resolves.toMatchObject({ allowed: true });
  }
  await suspendClient(deps, 'partner');
  await expect(decide(first.token)).resolves.toMatchObject({ reason: 'client_suspended' });
  await resumeClient(deps, 'partner');
  await expect(decide(first.token)).resolves.toMatchObject({ allowed: true });
  await revokeToken(deps, { jti: first.jti });
  await expect(decide(first.token)).resolves.toMatchObject({ reason: 'revoked' });
  await expect(decide(second.token)).resolves.toMatchObject({ allowed: true });
  const [key] = (await deps.registry.readKeyRing())?.keys ?? [];
  await revokeKey(deps, key?.kid ?? '');
  await expect(decide(second.token)).resolves.toMatchObject({ reason: 'key_revoked' });
});

test('a registry that is not there yet is a fault, and is found once it is', async () => {
  await using environment = await localEnvironment();
  const { dataDir } = environment;
  const { token } = await environment.issue();
  const away = join(dataDir, 'away.db');
  await rename(join(dataDir, 'registry.db'), away);
  const authorizer = authorizerFor(dataDir);
  await expect(authorizer.authorize({ token })).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  await rename(away, join(dataDir, 'registry.db'));
  await expect(authorizer.authorize({ token })).resolves.toMatchObject({ allowed: true });
});

test('a registry that is moved away under a running authorizer is a fault until it is back', async () => {
  await using environment = await localEnvironment();
  const { dataDir } = environment;
  const { token } = await environment.issue();
  const authorizer = authorizerFor(dataDir);
  await authorizer.authorize({ token });
  const away = join(dataDir, 'away.db');
  await rename(join(dataDir, 'registry.db'), away);
  await expect(authorizer.authorize({ token })).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  await rename(away, join(dataDir, 'registry.db'));
  await expect(authorizer.authorize({ token })).resolves.toMatchObject({ allowed: true });
});

test('a directory that does not exist is a fault, and is not made', async () => {
  await using environment = await localEnvironment();
  const { token } = await environment.issue();
  const dataDir = join(tmpdir(), 'apikey-no-such-directory');
  await expect(authorizerFor(dataDir).authorize({ token })).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  await expect(rm(dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a use is recorded where the registry reads it, and does not wait for somebody else who writes', async () => {
  await using environment = await localEnvironment();
  const { dataDir, deps } = environment;
  const [first, second] = [await environment.issue(), await environment.issue()];
  const reports: (string | undefined)[] = [];
  const usage = localUsage({ dataDir });
  const authorizer = createAuthorizer({
    issuer: ISSUER,
    audience: AUDIENCE,
    ...environment.sources(),
    usage,
    onDecision: (report) => reports.push(report.usage),
  });
  await authorizer.authorize({ token: first.token });
  const writer = new DatabaseSync(join(dataDir, 'registry.db'));
  writer.exec('BEGIN IMMEDIATE');
  await expect(authorizer.authorize({ token: second.token })).resolves.toMatchObject({ allowed: true });
  writer.close();
  expect(reports).toEqual(['written', 'lost']);
  expect([...(await deps.registry.lastUses([first.jti, second.jti])).keys()]).toEqual([first.jti]);
  await usage.close();
});

test('a public key that is missing is a fault', async () => {
  await using environment = await localEnvironment();
  const { token } = await environment.issue();
  await rm(join(environment.dataDir, 'public'), { recursive: true });
  await expect(authorizerFor(environment.dataDir).authorize({ token })).rejects.toMatchObject({
    code: 'KEYS_UNAVAILABLE',
  });
});

test('local keys are those whose files hold what the ring calls them by, and no others', async () => {
  await using environment = await localEnvironment();
  const { dataDir, deps } = environment;
  const keys = localKeys({ dataDir });
  const ring = await deps.registry.readKeyRing();
  const [first] = ring?.keys ?? [];
  const second = await deps.keys.create('ES256');
  const kid = thumbprint(second.publicKey);
  expect(thumbprint(await keys.publicKey(first?.ref ?? ''))).toBe(first?.kid);
  for (const ref of ['', kid, `file:../keys/${kid}`, `file:${kid}.jwk`, `/etc/passwd`, `memory:${kid}`]) {
    // oxlint-disable-next-line no-await-in-loop
    await expect(keys.publicKey(ref)).rejects.toBeInstanceOf(NotFoundError);
  }
  await rename(join(dataDir, 'public', `${kid}.jwk`), join(dataDir, 'public', `${first?.kid}.jwk`));
  await expect(keys.publicKey(first?.ref ?? '')).rejects.toBeInstanceOf(InvalidStateError);
});
