import { describe, expect, it } from 'vitest';
import { importJwk } from '../jose/jwk.ts';
import { parseCompact } from '../jose/compact.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { verifySignature } from '../jose/verify.ts';
import { listClients, showClient } from './client-views.ts';
import { resumeClient, revokeAllTokens, revokeClient, setClient, suspendClient } from './clients.ts';
import { issueToken } from './issue.ts';
import { tokensOfKey } from './key-tokens.ts';
import { activateKey, createKey, exportJwks, nextKeyStep, retireKey, revokeKey } from './keys.ts';
import { readOwnToken } from './own-token.ts';
import { revokeToken } from './revoke.ts';
import { claimsOf, isLive, newWorld, partner, recordsOf, type World } from './world.fixture.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const ringOf = async (world: World) => (await world.registry.readKeyRing()) ?? expect.fail('no ring');

describe('a client', () => {
  it('is registered by its first setting, changed by later ones, and left alone by the same again', async () => {
    const world = await newWorld();
    const first = await setClient(world.deps, 'partner', { contact: 'ops@partner.example', cidrs: ['10.0.0.0/8'] });
    expect(first).toMatchObject({ registered: true, changed: true, client: { contact: 'ops@partner.example' } });
    const second = await setClient(world.deps, 'partner', { cidrs: null, owner: 'team' });
    expect(second).toMatchObject({ registered: false, changed: true });
    expect(second.client).not.toHaveProperty('cidrs');
    expect(await setClient(world.deps, 'partner', { owner: 'team' })).toMatchObject({ changed: false });
    const events = await Array.fromAsync(world.registry.eventsOf({ kind: 'client', id: 'partner' }));
    expect(events.map(({ action }) => action)).toEqual(['client.registered', 'client.updated']);
    expect(events[1]?.detail).toEqual({
      entity: 'client',
      version: 2,
      before: { cidrs: ['10.0.0.0/8'], owner: null },
      after: { cidrs: null, owner: 'team' },
    });
  });

  it('that is suspended has no live token until it is resumed', async () => {
    const world = await newWorld();
    const { record } = await issueToken(world.deps, partner, world.sink);
    expect(await suspendClient(world.deps, 'partner')).toMatchObject({ changed: true });
    expect(await suspendClient(world.deps, 'partner')).toMatchObject({ changed: false });
    expect(await isLive(world, record)).toBe(false);
    await expect(issueToken(world.deps, partner, world.sink)).rejects.toThrow(code('CLIENT_SUSPENDED'));
    await resumeClient(world.deps, 'partner');
    expect(await resumeClient(world.deps, 'partner')).toMatchObject({ changed: false });
    expect(await isLive(world, record)).toBe(true);
    await expect(suspendClient(world.deps, 'nobody')).rejects.toThrow(code('CLIENT_NOT_FOUND'));
  });

  it('that is revoked loses every token in one write, those being issued at that moment included', async () => {
    const world = await newWorld();
    for (let n = 0; n < 3; n += 1) await issueToken(world.deps, partner, world.sink);
    let commits = 0;
    world.meet((call) => {
      if (call.method === 'commit') commits += 1;
    });
    const sink = {
      check: async () => {},
      deliver: async () => void (await revokeClient(world.deps, 'partner')),
    };
    await expect(issueToken(world.deps, partner, sink)).rejects.toThrow(code('CLIENT_CHANGED'));
    expect(commits).toBe(2);
    for (const record of await recordsOf(world)) expect(await isLive(world, record)).toBe(false);
    world.meet(() => undefined);
    const { record } = await issueToken(world.deps, partner, world.sink);
    expect(await isLive(world, record)).toBe(true);
  });

  it('can have all its tokens revoked: dead at once, then marked one by one, newer ones untouched', async () => {
    const world = await newWorld();
    for (let n = 0; n < 95; n += 1) await issueToken(world.deps, partner, world.sink);
    const sizes: number[] = [];
    world.meet(async (call) => {
      if (call.method !== 'commit' || call.change.kind !== 'client') return;
      sizes.push(call.change.updated.length);
      if (sizes.length === 2) await issueToken({ ...world.deps, registry: world.registry }, partner, world.sink);
    });
    const progress: number[] = [];
    expect(
      await revokeAllTokens(world.deps, 'partner', 'contract ended', (marked) => progress.push(marked)),
    ).toMatchObject({ marked: 95 });
    expect(progress).toEqual([40, 80, 95]);
    expect(sizes[0]).toBe(0);
    const records = await recordsOf(world);
    expect(records.filter(({ state }) => state === 'revoked')).toHaveLength(95);
    expect(records.filter(({ reason }) => reason === 'contract ended')).toHaveLength(95);
    expect((await Promise.all(records.map((record) => isLive(world, record)))).filter(Boolean)).toHaveLength(1);
  });

  it('is listed with what its tokens come to', async () => {
    const world = await newWorld();
    await issueToken(world.deps, { ...partner, ttl: 3600 }, world.sink);
    const { record } = await issueToken(world.deps, { ...partner, ttl: 60 }, world.sink);
    await setClient(world.deps, 'acme', { owner: 'team' });
    const views = await Array.fromAsync(listClients(world.deps));
    expect(views.map(({ client, liveTokens, nextExpiry }) => [client.id, liveTokens, nextExpiry])).toEqual([
      ['acme', 0, undefined],
      ['partner', 2, record.exp],
    ]);
    await revokeToken(world.deps, { jti: record.jti });
    expect((await showClient(world.deps, 'partner')).tokens).toHaveLength(1);
    await expect(showClient(world.deps, 'nobody')).rejects.toThrow(code('CLIENT_NOT_FOUND'));
  });
});

describe('the key ring', () => {
  it('is rotated in steps that lose no token: create, wait, activate, retire when nothing depends on the old key', async () => {
    const world = await newWorld();
    const { record } = await issueToken(world.deps, { ...partner, ttl: 86_400 }, world.sink);
    expect(nextKeyStep(await ringOf(world), world.clock.now())).toEqual({ step: 'create' });
    const { key } = await createKey(world.deps, 'EdDSA');
    expect(nextKeyStep(await ringOf(world), world.clock.now())).toMatchObject({ step: 'wait', seconds: 600 });
    await expect(activateKey(world.deps, key.kid, { now: false })).rejects.toThrow(code('WRONG_STATE'));
    world.clock.advance(600_000);
    expect(nextKeyStep(await ringOf(world), world.clock.now())).toMatchObject({
      step: 'activate',
      key: { kid: key.kid },
    });
    await activateKey(world.deps, key.kid, { now: false });
    expect(await isLive(world, record)).toBe(true);
    const { record: next } = await issueToken(world.deps, partner, world.sink);
    expect(next.kid).toBe(key.kid);
    world.clock.advance(600_000);
    await expect(retireKey(world.deps, record.kid)).rejects.toThrow(
      expect.objectContaining({
        code: 'WRONG_STATE',
        why: expect.stringMatching(/1 token of partner depends on it, the last until 2027-01-16T08:00:00Z/),
      }),
    );
    await expect(retireKey(world.deps, key.kid)).rejects.toThrow(code('WRONG_STATE'));
    await revokeToken(world.deps, { jti: record.jti });
    expect(await tokensOfKey(world.deps, record.kid)).toEqual([]);
    expect((await retireKey(world.deps, record.kid)).key).toMatchObject({ state: 'retired' });
  });

  it('publishes the public halves of usable keys, pending ones included', async () => {
    const world = await newWorld();
    await issueToken(world.deps, partner, world.sink);
    const { key } = await createKey(world.deps, 'EdDSA');
    const jwks = await exportJwks(world.deps);
    expect(jwks.keys.map(({ alg, use }) => [alg, use])).toEqual([
      ['ES256', 'sig'],
      ['EdDSA', 'sig'],
    ]);
    for (const jwk of jwks.keys) expect(Object.keys(jwk)).not.toContain('d');
    const { header, signingInput, signature } = parseCompact(world.sink.tokens[0] ?? '');
    const { use: _use, alg: _alg, kid, ...jwk } = jwks.keys[0] ?? expect.fail();
    expect(kid).toBe(header.kid);
    const publicKey = importJwk(jwk);
    expect(thumbprint(publicKey)).toBe(kid);
    expect(verifySignature('ES256', publicKey, signingInput, signature)).toBe(true);
    await revokeKey(world.deps, key.kid);
    expect((await exportJwks(world.deps)).keys).toHaveLength(1);
  });

  it('loses a revoked key with all its tokens, whatever its state, once', async () => {
    const world = await newWorld();
    const { record } = await issueToken(world.deps, partner, world.sink);
    expect(await revokeKey(world.deps, record.kid)).toMatchObject({ changed: true, key: { state: 'revoked' } });
    expect(await revokeKey(world.deps, record.kid)).toMatchObject({ changed: false });
    expect(await isLive(world, record)).toBe(false);
    await expect(issueToken(world.deps, partner, world.sink)).rejects.toThrow(code('NO_ACTIVE_KEY'));
    await expect(revokeKey(world.deps, 'x'.repeat(43))).rejects.toThrow(code('KEY_NOT_FOUND'));
    // A ring without an active key takes its next one at once only if told to.
    const { key } = await createKey(world.deps, 'ES256');
    await expect(activateKey(world.deps, key.kid, { now: false })).rejects.toThrow(code('WRONG_STATE'));
    await activateKey(world.deps, key.kid, { now: true });
    await issueToken(world.deps, partner, world.sink);
  });

  it('has one active key when two admins activate two keys at once', async () => {
    const world = await newWorld();
    const keys = [await createKey(world.deps, 'ES256'), await createKey(world.deps, 'ES256')];
    await Promise.all(keys.map(({ key }) => activateKey(world.deps, key.kid, { now: true })));
    expect((await ringOf(world)).keys.filter(({ state }) => state === 'active')).toHaveLength(1);
    expect((await ringOf(world)).keys.filter(({ state }) => state === 'retiring')).toHaveLength(2);
  });
});

describe('a token in an admin’s hands', () => {
  it('names its id once its signature held, even when its key was revoked, and nothing otherwise', async () => {
    const world = await newWorld();
    const { record } = await issueToken(world.deps, partner, world.sink);
    const [token = ''] = world.sink.tokens;
    await revokeKey(world.deps, record.kid);
    expect((await readOwnToken(world.deps, token)).claims).toEqual(claimsOf(token));
    const [header, , signature] = token.split('.');
    const forged = [
      header,
      Buffer.from(JSON.stringify({ ...claimsOf(token), jti: 'x' })).toString('base64url'),
      signature,
    ].join('.');
    await expect(readOwnToken(world.deps, forged)).rejects.toThrow(code('INVALID_INPUT'));
    await expect(readOwnToken(world.deps, 'nonsense')).rejects.toThrow(code('INVALID_INPUT'));
  });
});
