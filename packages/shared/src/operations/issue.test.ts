import { describe, expect, it } from 'vitest';
import { canonicalJson, verifyChain } from '../domain/events.ts';
import { suspendClient, resumeClient, revokeClient, setClient } from '../domain/transitions/clients.ts';
import { activateKey, addKey, revokeKey } from '../domain/transitions/keys.ts';
import { listAlgs, isSigningAlg } from '../jose/algorithms.ts';
import { parseCompact } from '../jose/compact.ts';
import { sha256Hex } from '../jose/digest.ts';
import { thumbprint } from '../jose/thumbprint.ts';
import { verifyCompactJws } from '../jose/verify.ts';
import { UnavailableError } from '../ports/errors.ts';
import type { TokenSink } from '../ports/token-sink.ts';
import { changeContext } from './context.ts';
import { issueToken, planIssue } from './issue.ts';
import { ensureKeyRing } from './key-ring.ts';
import { revokeToken } from './revoke.ts';
import { claimsOf, isLive, newWorld, partner, recordsOf, signsToken, type World } from './world.fixture.ts';

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** Adds a key of `alg` and makes it the active one. */
async function rotateKey(world: World, alg: 'ES256' | 'EdDSA'): Promise<string> {
  const { publicKey, ref } = await world.keys.create(alg);
  const kid = thumbprint(publicKey);
  const ring = await world.registry.readKeyRing();
  if (ring === undefined) throw new Error('no ring');
  const added = addKey(ring, { kid, alg, ref }, changeContext(world.deps));
  await world.registry.commit(added);
  await world.registry.commit(activateKey(added.ring, kid, true, changeContext(world.deps)));
  return kid;
}

/** Many wait at the same time here: their waits must not add up on the one clock. */
const crowded = (world: World): World['deps'] => ({
  ...world.deps,
  delay: { wait: () => new Promise((resolve) => setImmediate(resolve)) },
});

const changeClient = async (world: World, change: typeof suspendClient): Promise<void> => {
  const client = await world.registry.getClient('partner');
  const next = client && change(client, changeContext(world.deps));
  if (next !== undefined) await world.registry.commit(next);
};

describe('issuing a token', () => {
  it('delivers a token that is recorded, live, and made as DESIGN section 4 says', async () => {
    const world = await newWorld();
    const issued = await issueToken(world.deps, { ...partner, ttl: 7_776_000, scopes: ['plans:read'] }, world.sink);
    const [token = ''] = world.sink.tokens;
    const { header, payloadBytes } = parseCompact(token);
    const [headerSegment = '', payloadSegment = ''] = token.split('.');
    expect(Buffer.from(headerSegment, 'base64url').toString()).toBe(
      `{"alg":"ES256","typ":"at+jwt","kid":"${header.kid}"}`,
    );
    const payload: unknown = JSON.parse(Buffer.from(payloadSegment, 'base64url').toString());
    expect(Object.keys(payload as object)).toEqual([
      'iss',
      'sub',
      'aud',
      'client_id',
      'jti',
      'iat',
      'exp',
      'scope',
      'rnd',
    ]);
    expect(payload).toMatchObject({
      iss: 'https://apikey.localhost',
      sub: 'partner',
      aud: 'https://api.localhost',
      client_id: 'partner',
      iat: 1_800_000_000,
      exp: 1_807_776_000,
      scope: 'plans:read',
    });
    expect(Buffer.from(claimsOf(token).rnd, 'base64url')).toHaveLength(16);
    const [record] = await recordsOf(world);
    expect(record).toEqual(issued.record);
    expect(record).toMatchObject({ state: 'active', payloadSha256: sha256Hex(payloadBytes), liveUntil: 1_807_776_000 });
    expect(issued).toMatchObject({ registersClient: true, resumes: false, alg: 'ES256' });
    // Nothing that the registry keeps holds the random bits.
    const kept = canonicalJson([
      record,
      ...(await Array.fromAsync(world.registry.eventsOf({ kind: 'client', id: 'partner' }))),
    ] as never);
    expect(kept).not.toContain(claimsOf(token).rnd);
    expect(kept).not.toContain(payloadSegment);
  });

  it('records before it signs, signs before it delivers, and activates last', async () => {
    const world = await newWorld();
    const order: string[] = [];
    world.meet((call) => {
      if (call.method === 'commit') order.push(call.change.events.map(({ action }) => action).join('+'));
      if (call.method === 'sign') order.push(signsToken(call) ? 'sign' : 'grant');
    });
    const sink: TokenSink = {
      check: async () => void order.push('check'),
      deliver: async (_token, record) => {
        expect(record.state).toBe('pending');
        order.push('deliver');
      },
    };
    await issueToken(world.deps, partner, sink);
    expect(order).toEqual(['check', 'grant', 'client.registered+token.prepared', 'sign', 'deliver', 'token.activated']);
  });

  it.each(listAlgs().filter(isSigningAlg))('signs with %s', async (alg) => {
    const world = await newWorld();
    const fresh = { ...world.deps, registry: (await import('../testing/memory-registry.ts')).memoryRegistry() };
    const { ring } = await ensureKeyRing(fresh, alg);
    await issueToken(fresh, partner, world.sink);
    const publicKey = await world.keys.publicKey(ring.keys[0]?.ref ?? '');
    expect(() => verifyCompactJws(world.sink.tokens[0] ?? '', { alg, publicKey })).not.toThrow();
  });

  it('narrows the default lifetime to the caps, and refuses more than the caps', async () => {
    const world = await newWorld();
    await world.registry.commit(
      setClient(undefined, 'partner', { maxTtl: 3600 }, changeContext(world.deps)) ?? expect.fail(),
    );
    const { record } = await issueToken(world.deps, partner, world.sink);
    expect(record.exp - record.iat).toBe(3600);
    await expect(issueToken(world.deps, { ...partner, ttl: 3601 }, world.sink)).rejects.toThrow(code('OVER_CAP'));
    const other = { ...partner, client: 'other' };
    await expect(issueToken(world.deps, { ...other, ttl: 367 * 86_400 }, world.sink)).rejects.toThrow(code('OVER_CAP'));
    await expect(issueToken(world.deps, { ...other, expiresAt: 1_800_000_000 }, world.sink)).rejects.toThrow(
      code('INVALID_TIME'),
    );
    const late = { ...other, ttl: 60, notBefore: 1_800_000_060 };
    await expect(issueToken(world.deps, late, world.sink)).rejects.toThrow(code('INVALID_TIME'));
    expect(await recordsOf(world, 'other')).toEqual([]);
  });

  it('refuses scopes that the client may not hold, a suspended client, another algorithm, and tokens too long to send', async () => {
    const world = await newWorld();
    await world.registry.commit(
      setClient(undefined, 'partner', { scopes: ['a'] }, changeContext(world.deps)) ?? expect.fail(),
    );
    const refuse = async (part: object, expected: string): Promise<void> => {
      await expect(issueToken(world.deps, { ...partner, ...part }, world.sink)).rejects.toThrow(code(expected));
    };
    await refuse({ scopes: ['a', 'b'] }, 'SCOPE_NOT_ALLOWED');
    await refuse({ alg: 'EdDSA' }, 'WRONG_STATE');
    await refuse(
      { audience: Array.from({ length: 30 }, (_, n) => `https://${'x'.repeat(400)}.example/${n}`) },
      'TOKEN_TOO_LARGE',
    );
    await changeClient(world, suspendClient);
    await refuse({}, 'CLIENT_SUSPENDED');
    expect(await recordsOf(world)).toEqual([]);
    expect(world.sink.tokens).toEqual([]);
  });

  it('has nothing recorded or signed when the sink says beforehand that it cannot take the token', async () => {
    const world = await newWorld();
    world.sink.failCheck(new UnavailableError('no room'));
    await expect(issueToken(world.deps, partner, world.sink)).rejects.toThrow('no room');
    expect(await world.registry.getClient('partner')).toBeUndefined();
  });

  it('leaves an inert record when delivery fails', async () => {
    const world = await newWorld();
    world.sink.failDelivery(new Error('disk full'));
    await expect(issueToken(world.deps, partner, world.sink)).rejects.toThrow(code('DELIVERY_FAILED'));
    const [record] = await recordsOf(world);
    expect(record?.state).toBe('pending');
  });

  it('delivers nothing that does not verify', async () => {
    const world = await newWorld();
    const sign = world.keys.sign.bind(world.keys);
    const deps = {
      ...world.deps,
      keys: {
        ...world.deps.keys,
        sign: async (...call: Parameters<typeof sign>) => ({
          signature: (await sign(...call)).signature.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
        }),
      },
    };
    await expect(issueToken(deps, partner, world.sink)).rejects.toThrow(code('KEY_DAMAGED'));
    expect(world.sink.tokens).toEqual([]);
  });

  it('gives up when the client is revoked, suspended or limited between its reads', async () => {
    const changes = [
      revokeClient,
      suspendClient,
      (client: Parameters<typeof revokeClient>[0], context: Parameters<typeof revokeClient>[1]) =>
        setClient(client, client.id, { scopes: [] }, context),
    ];
    for (const change of changes) {
      const world = await newWorld();
      await issueToken(world.deps, partner, world.sink);
      world.meet(async (call) => {
        if (call.method === 'commit' && call.nth === 4) await changeClient(world, change);
      });
      await expect(issueToken(world.deps, partner, world.sink)).rejects.toThrow(
        expect.objectContaining({ kind: 'conflict' }),
      );
      expect(world.sink.tokens).toHaveLength(1);
      expect(await recordsOf(world)).toHaveLength(1);
    }
  });

  it('does not activate a token whose client was revoked, or suspended and resumed under another epoch, after delivery', async () => {
    const world = await newWorld();
    const sink: TokenSink = {
      check: async () => {},
      deliver: async (token, record) => {
        await world.sink.deliver(token, record);
        await changeClient(world, revokeClient);
        await changeClient(world, suspendClient);
        await changeClient(world, resumeClient);
      },
    };
    await expect(issueToken(world.deps, partner, sink)).rejects.toThrow(code('CLIENT_CHANGED'));
    const [record] = await recordsOf(world);
    expect(record?.state).toBe('pending');
  });

  it('does not sign with a key that was replaced while it was held up for more than a minute', async () => {
    const world = await newWorld();
    world.meet(async (call) => {
      if (call.method !== 'commit' || call.nth !== 2) return;
      world.clock.advance(60_001);
      await rotateKey(world, 'ES256');
    });
    await expect(issueToken(world.deps, partner, world.sink)).rejects.toThrow(code('NO_ACTIVE_KEY'));
    expect(world.sink.tokens).toEqual([]);
  });

  it('does not activate a token whose key was revoked after it signed', async () => {
    const world = await newWorld();
    const sink: TokenSink = {
      check: async () => {},
      deliver: async () => {
        const ring = await world.registry.readKeyRing();
        const change = ring && revokeKey(ring, ring.keys[0]?.kid ?? '', changeContext(world.deps));
        if (change !== undefined) await world.registry.commit(change);
      },
    };
    await expect(issueToken(world.deps, partner, sink)).rejects.toThrow(code('NO_ACTIVE_KEY'));
    await expect(issueToken(world.deps, partner, sink)).rejects.toThrow(code('NO_ACTIVE_KEY'));
  });

  it('loses none of many tokens issued for one client at once', async () => {
    const world = await newWorld();
    await Promise.all(Array.from({ length: 40 }, () => issueToken(crowded(world), partner, world.sink)));
    const records = await recordsOf(world);
    expect(new Set(world.sink.tokens.map((token) => claimsOf(token).jti))).toEqual(
      new Set(records.map(({ jti }) => jti)),
    );
    expect(records.filter(({ state }) => state === 'active')).toHaveLength(40);
    const events = await Array.fromAsync(world.registry.eventsOf({ kind: 'client', id: 'partner' }));
    const client = await world.registry.getClient('partner');
    expect(verifyChain({ kind: 'client', id: 'partner' }, events, client ?? expect.fail(), sha256Hex)).toBeUndefined();
  });

  it('is planned without a trace', async () => {
    const world = await newWorld();
    const plan = await planIssue(world.deps, { ...partner, ttl: 60 });
    expect(plan).toMatchObject({
      registersClient: true,
      resumes: false,
      record: { state: 'pending', client: 'partner' },
    });
    expect(await world.registry.getClient('partner')).toBeUndefined();
    await expect(planIssue(world.deps, { ...partner, ttl: 400 * 86_400 })).rejects.toThrow(code('OVER_CAP'));
  });
});

describe('a request id', () => {
  const request = { ...partner, ttl: 3600, requestId: 'CHG-1' };

  it('that was completed signs and delivers nothing again', async () => {
    const world = await newWorld();
    await issueToken(world.deps, request, world.sink);
    world.meet((call) =>
      call.method === 'sign' || call.method === 'commit' ? expect.fail('touched something') : undefined,
    );
    await expect(issueToken(world.deps, request, world.sink)).rejects.toThrow(code('ALREADY_ISSUED'));
    expect(world.sink.tokens).toHaveLength(1);
  });

  it('is refused with other parameters, and after its token was revoked', async () => {
    const world = await newWorld();
    const { record } = await issueToken(world.deps, request, world.sink);
    for (const part of [
      { ttl: 60 },
      { client: 'other' },
      { scopes: ['a'] },
      { note: 'x' },
      { audience: ['https://b'] },
    ]) {
      await expect(issueToken(world.deps, { ...request, ...part }, world.sink)).rejects.toThrow(
        code('REQUEST_MISMATCH'),
      );
    }
    await revokeToken(world.deps, { jti: record.jti });
    await expect(issueToken(world.deps, request, world.sink)).rejects.toThrow(code('WRONG_STATE'));
    expect(world.sink.tokens).toHaveLength(1);
  });

  it('completes its pending token with new random bits, so that only the last delivery is ever live', async () => {
    const world = await newWorld();
    const undelivered: string[] = [];
    const broken: TokenSink = {
      check: async () => {},
      deliver: async (token) => {
        undelivered.push(token);
        throw new Error('pipe closed');
      },
    };
    await expect(issueToken(world.deps, request, broken)).rejects.toThrow(code('DELIVERY_FAILED'));
    world.clock.advance(5000);
    const kid = await rotateKey(world, 'ES256');
    const issued = await issueToken(world.deps, request, world.sink);
    const [first = ''] = undelivered;
    const [second = ''] = world.sink.tokens;
    expect(issued.resumes).toBe(true);
    expect(claimsOf(second)).toMatchObject({
      jti: claimsOf(first).jti,
      iat: claimsOf(first).iat,
      exp: claimsOf(first).exp,
    });
    expect(claimsOf(second).rnd).not.toBe(claimsOf(first).rnd);
    const [record, ...others] = await recordsOf(world);
    expect(others).toEqual([]);
    expect(record).toMatchObject({ kid, state: 'active', payloadSha256: sha256Hex(parseCompact(second).payloadBytes) });
  });

  it('cannot be completed once its time is up, or its client was revoked', async () => {
    const world = await newWorld();
    world.sink.failDelivery(new Error('pipe closed'));
    await expect(issueToken(world.deps, request, world.sink)).rejects.toThrow(code('DELIVERY_FAILED'));
    await changeClient(world, revokeClient);
    await expect(issueToken(world.deps, request, world.sink)).rejects.toThrow(code('CLIENT_CHANGED'));
    world.clock.advance(3_600_000);
    const other = { ...request, requestId: 'CHG-2', client: 'other' };
    await expect(issueToken(world.deps, other, world.sink)).rejects.toThrow(code('DELIVERY_FAILED'));
    world.clock.advance(3_600_000);
    await expect(issueToken(world.deps, other, world.sink)).rejects.toThrow(code('WRONG_STATE'));
  });

  it('run by many at once makes one token that is live', async () => {
    const world = await newWorld();
    const runs = await Promise.allSettled(
      Array.from({ length: 12 }, () => issueToken(crowded(world), request, world.sink)),
    );
    const won = runs.filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const run of runs) {
      if (run.status === 'rejected') expect(['SUPERSEDED', 'ALREADY_ISSUED', 'WRONG_STATE']).toContain(run.reason.code);
    }
    const records = await recordsOf(world);
    expect(records).toHaveLength(1);
    expect(records[0]?.state).toBe('active');
    const live = world.sink.tokens.filter(
      (token) => sha256Hex(parseCompact(token).payloadBytes) === records[0]?.payloadSha256,
    );
    expect(live).toHaveLength(1);
  });
});

describe('a fault at any call of issue', () => {
  const request = { ...partner, ttl: 3600, requestId: 'CHG-1' };

  it('never leaves a live token that was not delivered, says what is known, and is mended by running it again', async () => {
    const calls: string[] = [];
    const rehearsal = await newWorld();
    rehearsal.meet((call) => void calls.push(call.method));
    await issueToken(rehearsal.deps, request, rehearsal.sink);
    expect(calls.length).toBeGreaterThan(8);
    for (const kind of ['fail', 'lose'] as const) {
      for (const [index, method] of calls.entries()) {
        const world = await newWorld();
        let seen = 0;
        world.meet(() => {
          seen += 1;
          const error = new UnavailableError('cut off', {
            outcome: kind === 'lose' && method === 'commit' ? 'unknown' : 'not_applied',
          });
          return seen === index + 1 ? { kind, error } : undefined;
        });
        const [first] = await Promise.allSettled([issueToken(world.deps, request, world.sink)]);
        const [record] = await recordsOf(world);
        const live = record !== undefined && (await isLive(world, record));
        if (first.status === 'fulfilled') expect(live).toBe(true);
        if (live) expect(world.sink.tokens.map((token) => claimsOf(token).jti)).toEqual([record.jti]);
        // A commit whose answer was lost is found in the chain: the command succeeds.
        if (kind === 'lose' && method === 'commit') expect(first.status).toBe('fulfilled');
        const [second] = await Promise.allSettled([issueToken(world.deps, request, world.sink)]);
        if (live) expect(second).toMatchObject({ status: 'rejected', reason: { code: 'ALREADY_ISSUED' } });
        else expect(second.status).toBe('fulfilled');
        const after = await recordsOf(world);
        expect(after).toHaveLength(1);
        expect(after[0] !== undefined && (await isLive(world, after[0]))).toBe(true);
      }
    }
  });

  it('reports the outcome as unknown when the registry stays away after the activation was sent', async () => {
    const world = await newWorld();
    let cut = false;
    world.meet((call) => {
      if (cut) return { kind: 'fail', error: new UnavailableError('cut off', { outcome: 'unknown' }) };
      cut = call.method === 'commit' && call.change.events.some(({ action }) => action === 'token.activated');
      return cut ? { kind: 'lose' } : undefined;
    });
    await expect(issueToken(world.deps, request, world.sink)).rejects.toThrow(code('OUTCOME_UNKNOWN'));
    expect(world.sink.tokens).toHaveLength(1);
  });
});

describe('the first key ring', () => {
  it('is made once by many at once, and the keys of the others are not kept', async () => {
    const world = await newWorld();
    const registry = (await import('../testing/memory-registry.ts')).memoryRegistry();
    const refs: string[] = [];
    const removed: string[] = [];
    const keys = {
      ...world.deps.keys,
      create: async (alg: Parameters<typeof world.keys.create>[0]) => {
        const key = await world.keys.create(alg);
        refs.push(key.ref);
        return key;
      },
      scheduleDeletion: async (ref: string) => void removed.push(ref),
    };
    const results = await Promise.all(
      Array.from({ length: 8 }, () => ensureKeyRing({ ...world.deps, registry, keys }, 'ES256')),
    );
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    const ring = await registry.readKeyRing();
    expect(ring?.keys).toHaveLength(1);
    expect(new Set([...removed, ring?.keys[0]?.ref])).toEqual(new Set(refs));
  });
});
