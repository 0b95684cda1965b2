import { describe, expect, it } from 'vitest';
import { hashEvent } from '../domain/events.ts';
import type { AuditEvent, JsonObject } from '../domain/records.ts';
import { isSigningAlg, listAlgs } from '../jose/algorithms.ts';
import { encodeBase64url } from '../jose/base64url.ts';
import { GRANT_TYPE, parseCompact, SEAL_TYPE, TOKEN_TYPE } from '../jose/compact.ts';
import { sha256Hex } from '../jose/digest.ts';
import { verifyCompactJws } from '../jose/verify.ts';
import { AccessDeniedError } from '../ports/errors.ts';
import { memoryKeys } from '../testing/memory-keys.ts';
import { memoryRegistry } from '../testing/memory-registry.ts';
import { activateToken } from './activate.ts';
import { issueMany } from './bulk-issue.ts';
import { surveyBulk } from './bulk-survey.ts';
import { resumeClient, revokeClient, setClient, suspendClient } from './clients.ts';
import { verifyGrant, type GrantVerdict } from './grants.ts';
import { issueToken, planIssue } from './issue.ts';
import { ensureKeyRing } from './key-ring.ts';
import { createKey } from './keys.ts';
import { readOwnToken } from './own-token.ts';
import { revokeToken } from './revoke.ts';
import { planRotate, rotateToken } from './rotate.ts';
import { newWorld, partner, recordsOf, signsToken, type World } from './world.fixture.ts';

const REF = { kind: 'client', id: 'partner' } as const;
const NAME = 'client:partner';

const eventsOf = ({ registry }: World): Promise<AuditEvent[]> => Array.fromAsync(registry.eventsOf(REF));

function verify(world: World, events: readonly AuditEvent[], name = NAME): Promise<GrantVerdict> {
  return verifyGrant({ keys: world.keys, environment: world.deps.environment }, name, events);
}

/** The first commit of a token: its client is registered, and the token prepared. */
async function firstCommit(world: World): Promise<[AuditEvent, AuditEvent]> {
  await issueToken(world.deps, { ...partner, scopes: ['a'] }, world.sink);
  const [registered, prepared] = await eventsOf(world);
  return [registered ?? expect.fail(), prepared ?? expect.fail()];
}

interface Forged {
  readonly header?: JsonObject;
  readonly payload?: JsonObject;
}

/** The same events with another statement, signed by the active key. */
async function restate(
  world: World,
  [registered, prepared]: readonly [AuditEvent, AuditEvent],
  { header = {}, payload = {} }: Forged,
): Promise<readonly AuditEvent[]> {
  const key = (await world.registry.readKeyRing())?.keys[0] ?? expect.fail();
  const given = JSON.parse(Buffer.from(parseCompact(prepared.grant ?? '').payloadBytes).toString()) as JsonObject;
  const parts = [
    { alg: 'ES256', typ: GRANT_TYPE, kid: key.kid, ...header },
    { ...given, ...payload },
  ];
  const input = parts.map((part) => encodeBase64url(Buffer.from(JSON.stringify(part)))).join('.');
  const { signature } = await world.keys.sign(key.ref, 'ES256', Buffer.from(input));
  return [registered, { ...prepared, grant: `${input}.${encodeBase64url(signature)}` }];
}

/** Signatures made by some work: of tokens, and of grants. */
async function signatures(world: World, work: () => Promise<unknown>): Promise<string> {
  const made: string[] = [];
  world.meet((call) => {
    if (call.method === 'sign') made.push(signsToken(call) ? 'token' : 'grant');
  });
  await work();
  world.meet(() => undefined);
  return made.toSorted().join(' ');
}

describe('a grant', () => {
  it('states one commit of one client in one environment, and nothing that a token holds', async () => {
    const world = await newWorld();
    const [registered, prepared] = await firstCommit(world);
    expect(registered).not.toHaveProperty('grant');
    const { header, payloadBytes } = parseCompact(prepared.grant ?? '');
    const kid = (await world.registry.readKeyRing())?.keys[0]?.kid;
    expect(header).toEqual({ alg: 'ES256', typ: 'apikey-grant+jwt', kid });
    expect(JSON.parse(Buffer.from(payloadBytes).toString())).toEqual({
      iss: 'https://apikey.localhost',
      env: 'local',
      aggregate: NAME,
      fromSeq: 1,
      seq: 2,
      prev: '0'.repeat(64),
      hash: prepared.hash,
    });
    expect(prepared.grantRequestId).toMatch(/^memory-/);
    await expect(readOwnToken(world.deps, prepared.grant ?? '')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('vouches for the events of its commit, from any of them on, and names none below', async () => {
    const world = await newWorld();
    await firstCommit(world);
    await issueToken(world.deps, partner, world.sink);
    const events = await eventsOf(world);
    const kid = (await world.registry.readKeyRing())?.keys[0]?.kid;
    expect(events.map(({ action, grant }) => `${action} ${grant === undefined ? '' : 'granted'}`.trim())).toEqual([
      'client.registered',
      'token.prepared granted',
      'token.activated',
      'token.prepared granted',
      'token.activated',
    ]);
    expect(await verify(world, events.slice(0, 2))).toEqual({ kid, fromSeq: 1 });
    expect(await verify(world, events.slice(1, 2))).toEqual({ kid, fromSeq: 1 });
    // What is below is linked to it, and was not said by it.
    expect(await verify(world, events.slice(0, 4))).toEqual({ kid, fromSeq: 4 });
  });

  it.each(listAlgs().filter(isSigningAlg))('is signed and verified with %s', async (alg) => {
    const world = await newWorld();
    const registry = memoryRegistry();
    const fresh = { ...world, registry, deps: { ...world.deps, registry } };
    const { ring } = await ensureKeyRing(fresh.deps, alg);
    const [, prepared] = await firstCommit(fresh);
    const publicKey = await world.keys.publicKey(ring.keys[0]?.ref ?? '');
    expect(() => verifyCompactJws(prepared.grant ?? '', { alg, publicKey })).not.toThrow();
    expect(await verify(fresh, await eventsOf(fresh).then((all) => all.slice(0, 2)))).toMatchObject({ fromSeq: 1 });
  });

  it('costs one signature for each commit that prepares tokens, and none for any other', async () => {
    const world = await newWorld();
    const jti = async (): Promise<string> => (await recordsOf(world)).at(-1)?.jti ?? '';
    const rotation = async (): Promise<Parameters<typeof rotateToken>[1]> => {
      const live = (await recordsOf(world)).find(
        ({ replacedBy, state }) => replacedBy === undefined && state === 'active',
      );
      return { client: 'partner', jti: live?.jti ?? '', grace: 60, takeOver: false };
    };
    const failing = { check: async () => {}, deliver: () => Promise.reject(new Error('cut')) };
    const resumable = { ...partner, requestId: 'CHG-1' };
    expect(await signatures(world, () => issueToken(world.deps, partner, world.sink))).toBe('grant token');
    expect(await signatures(world, async () => rotateToken(world.deps, await rotation(), world.sink))).toBe(
      'grant token',
    );
    expect(await signatures(world, () => issueToken(world.deps, resumable, failing).catch(() => {}))).toBe(
      'grant token',
    );
    expect(await signatures(world, () => issueToken(world.deps, resumable, world.sink))).toBe('grant token');
    const requests = Array.from({ length: 30 }, (_, n) => ({ ...partner, requestId: `bulk-${n}` }));
    const bulk = async (): Promise<unknown> =>
      issueMany(world.deps, requests, world.sink, {
        survey: await surveyBulk(world.deps, requests),
        concurrency: 64,
        rate: undefined,
        signal: new AbortController().signal,
        tell: () => {},
      });
    // A commit takes 24 of them.
    expect(await signatures(world, bulk)).toBe(['grant', 'grant', ...requests.map(() => 'token')].join(' '));
    expect(await signatures(world, bulk)).toBe('');
    const others: readonly (() => Promise<unknown>)[] = [
      () => planIssue(world.deps, partner),
      async () => planRotate(world.deps, await rotation()),
      () => activateToken(world.deps, { jti: claimsJti(world), token: world.sink.tokens.at(-1) ?? '' }),
      () => setClient(world.deps, 'partner', { scopes: ['a'] }),
      () => suspendClient(world.deps, 'partner'),
      () => resumeClient(world.deps, 'partner'),
      async () => revokeToken(world.deps, { jti: await jti() }),
      () => revokeClient(world.deps, 'partner'),
      () => createKey(world.deps, 'ES256'),
    ];
    for (const other of others) expect(await signatures(world, other)).toBe('');
  });
});

function claimsJti({ sink }: World): string {
  const { jti } = JSON.parse(Buffer.from(parseCompact(sink.tokens.at(-1) ?? '').payloadBytes).toString()) as {
    jti: string;
  };
  return jti;
}

describe('verifying a grant', () => {
  const NONE = /^no statement of a signing key/;
  const NO_KEY = /^its statement names no signing key/;
  const EDITED = /^its events are not what was hashed/;
  const OTHER = /^the statement that is kept with it is about something else/;
  const UNSIGNED = /^the signature of its statement does not verify/;
  const FOREIGN = /^its statement is not signed by a key of this environment/;

  it.each<[string, Forged, RegExp | undefined]>([
    ['nothing changed', {}, undefined],
    ['another issuer', { payload: { iss: 'https://other.example' } }, OTHER],
    ['another environment', { payload: { env: 'prod' } }, OTHER],
    ['another client', { payload: { aggregate: 'client:admins' } }, OTHER],
    ['the same name as a ring', { payload: { aggregate: 'ring:partner' } }, OTHER],
    ['another end', { payload: { seq: 3 } }, OTHER],
    ['another hash', { payload: { hash: 'e'.repeat(64) } }, OTHER],
    ['another beginning', { payload: { prev: 'e'.repeat(64) } }, OTHER],
    ['a beginning behind its end', { payload: { fromSeq: 3 } }, OTHER],
    ['no beginning', { payload: { fromSeq: null } }, OTHER],
    ['a beginning at 0', { payload: { fromSeq: 0 } }, OTHER],
    ['a beginning in between', { payload: { fromSeq: 1.5 } }, OTHER],
    ['a beginning that is a text', { payload: { fromSeq: '1' } }, OTHER],
    ['a member more', { payload: { scope: 'a' } }, OTHER],
    ['the type of a token', { header: { typ: TOKEN_TYPE } }, NONE],
    ['the type of a seal', { header: { typ: SEAL_TYPE } }, NONE],
    ['the type in capitals', { header: { typ: GRANT_TYPE.toUpperCase() } }, NONE],
    ['no algorithm', { header: { alg: 'none' } }, NONE],
    ['a secret in place of a key', { header: { alg: 'HS256' } }, NONE],
    ['an extension', { header: { crit: ['x'], x: 1 } }, NONE],
    ['a key of its own', { header: { jwk: { kty: 'EC' } } }, NONE],
    ['another algorithm', { header: { alg: 'EdDSA' } }, UNSIGNED],
    ['an unknown key', { header: { kid: 'k'.repeat(43) } }, FOREIGN],
    ['a key that is a path', { header: { kid: '../../keys/a' } }, NO_KEY],
  ])('refuses one with %s', async (_, forged, flaw) => {
    const world = await newWorld();
    const verdict = await verify(world, await restate(world, await firstCommit(world), forged));
    expect(verdict).toEqual(
      flaw === undefined
        ? expect.objectContaining({ fromSeq: 1 })
        : { flaw: expect.stringMatching(flaw), unchecked: false },
    );
  });

  it('refuses events that were edited, moved, left out, or hashed anew', async () => {
    const world = await newWorld();
    const [registered, prepared] = await firstCommit(world);
    const widened = { ...prepared, detail: { ...prepared.detail, after: { ...prepared.detail.after, scopes: ['b'] } } };
    const rehashed = { ...widened, hash: hashEvent(widened, sha256Hex) };
    const relabelled = { ...prepared, aggregate: 'client:admins' as const };
    const cases: readonly (readonly [readonly AuditEvent[], RegExp, string?])[] = [
      [[], NONE],
      [[registered], NONE],
      [[registered, widened], EDITED],
      [[registered, rehashed], OTHER],
      [[{ ...registered, actor: 'else@host' }, prepared], EDITED],
      [[{ ...registered, seq: 0 }, prepared], EDITED],
      [[prepared, prepared], EDITED],
      [[registered, relabelled], EDITED],
      [[relabelled], EDITED, 'client:admins'],
      [[registered, { ...prepared, grant: 'a.b.c' }], NONE],
      [[registered, { ...prepared, grant: world.sink.tokens[0] ?? '' }], NONE],
    ];
    for (const [events, flaw, name] of cases) {
      expect(await verify(world, events, name)).toEqual({ flaw: expect.stringMatching(flaw), unchecked: false });
    }
  });

  it('refuses one by a key that is disabled or of another provider, and says when the key is out of reach', async () => {
    const world = await newWorld();
    const events = (await firstCommit(world)).slice();
    const key = (await world.registry.readKeyRing())?.keys[0] ?? expect.fail();
    expect(await verify({ ...world, keys: memoryKeys() }, events)).toEqual({
      flaw: expect.stringMatching(FOREIGN),
      unchecked: false,
    });
    const denied = { ...world.keys, publicKeyOf: () => Promise.reject(new AccessDeniedError('ACCESS_DENIED', 'no')) };
    await expect(verify({ ...world, keys: denied }, events)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    await world.keys.disable(key.ref);
    expect(await verify(world, events)).toEqual({ flaw: 'the key of its statement is disabled', unchecked: true });
  });
});
