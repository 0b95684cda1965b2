import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordIn, type Change, type ChangeContext, type ClientChange } from '../change.ts';
import { ApikeyError } from '../errors.ts';
import { verifyChain } from '../events.ts';
import { judgeRecord } from '../liveness.ts';
import type { AuditEvent, Client, JsonObject, KeyRing, TokenRecord } from '../records.ts';
import { resumeClient, revokeClient, setClient, suspendClient } from './clients.ts';
import { activateKey, activeKey, addKey, createRing, KEY_SETTLING_SECONDS, retireKey, revokeKey } from './keys.ts';
import { claimRotation, completeRotation } from './rotation.ts';
import { activateToken, prepareToken, reprepareToken, revokeTokens, type ProposedToken } from './tokens.ts';

const seed = 20_261_122;
const START = 1_800_000_000;
const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const at = (seconds: number): ChangeContext => ({ at: seconds * 1000, actor: 'admin@host', sha256 });
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

const proposal = (n: number, now: number, ring: KeyRing, part: Partial<ProposedToken> = {}): ProposedToken => ({
  jti: uuid(n),
  client: 'partner',
  kid: activeKey(ring)?.kid ?? 'none',
  iat: now,
  exp: now + 1000,
  scopes: [],
  aud: ['https://api.localhost'],
  payloadSha256: sha256(`payload ${n}`),
  iss: 'https://apikey.localhost',
  ...part,
});

const firstRing = (): KeyRing => createRing('main', { kid: 'k0', alg: 'ES256', ref: 'file:k0' }, at(START)).ring;

/** A registry reduced to what transitions need: it applies changes and checks what every commit must hold to. */
class World {
  client: Client | undefined;
  ring = firstRing();
  readonly tokens = new Map<string, TokenRecord>();
  readonly events: AuditEvent[] = [];
  now = START;

  apply(change: Change | undefined): void {
    if (change === undefined) return;
    if (change.kind === 'ring') {
      expect(change.expectedVersion).toBe(this.ring.version);
      expect(change.ring.version).toBe(this.ring.version + 1);
      for (const key of this.ring.keys) {
        const next = change.ring.keys.find(({ kid }) => kid === key.kid);
        if (key.state === 'revoked') expect(next?.state).toBe('revoked');
      }
      expect(change.ring.keys.filter(({ state }) => state === 'active').length).toBeLessThanOrEqual(1);
      this.ring = change.ring;
      return;
    }
    expect(change.expectedVersion).toBe(this.client?.version ?? 0);
    expect(change.client.version).toBe(change.expectedVersion + 1);
    expect(change.client.epoch).toBeGreaterThanOrEqual(this.client?.epoch ?? 1);
    for (const record of change.created) {
      expect(this.tokens.has(record.jti)).toBe(false);
      expect(record.state).toBe('pending');
    }
    for (const record of change.updated) {
      const before = this.tokens.get(record.jti);
      expect(before).toBeDefined();
      if (before === undefined) continue;
      expect(record.liveUntil).toBeLessThanOrEqual(before.liveUntil);
      expect(record.epoch).toBe(before.epoch);
      expect(record.exp).toBe(before.exp);
      if (before.state === 'revoked') expect(record).toEqual(before);
      if (before.state === 'active') expect(record.state).not.toBe('pending');
    }
    for (const record of [...change.created, ...change.updated]) this.tokens.set(record.jti, record);
    this.events.push(...change.events);
    this.client = change.client;
    expect(change.client.eventSeq).toBe(this.events.length);
  }

  /** Runs a transition that may be refused; only the domain's own errors count as a refusal. */
  try(transition: () => Change | undefined): void {
    let change: Change | undefined;
    try {
      change = transition();
    } catch (error) {
      expect(error).toBeInstanceOf(ApikeyError);
      return;
    }
    this.apply(change);
  }

  /** What the events alone say the client and its tokens are. */
  replay(): { readonly client: JsonObject; readonly tokens: ReadonlyMap<string, JsonObject> } {
    let client: JsonObject = {};
    const tokens = new Map<string, JsonObject>();
    const patch = (state: JsonObject | undefined, after: JsonObject): JsonObject =>
      Object.fromEntries(Object.entries({ ...state, ...after }).filter(([, value]) => value !== null));
    for (const { subject, detail } of this.events) {
      if (detail.entity === 'client') client = patch(client, detail.after);
      else tokens.set(subject, patch(tokens.get(subject), detail.after));
    }
    return { client, tokens };
  }
}

type Step = (world: World, pick: number) => void;

const nth = (world: World, pick: number): TokenRecord | undefined =>
  [...world.tokens.values()][pick % (world.tokens.size || 1)];

const withToken =
  (step: (world: World, client: Client, record: TokenRecord, pick: number) => Change | undefined): Step =>
  (world, pick) => {
    const { client } = world;
    const record = nth(world, pick);
    if (client !== undefined && record !== undefined) world.try(() => step(world, client, record, pick));
  };

const withClient =
  (step: (world: World, client: Client, pick: number) => Change | undefined): Step =>
  (world, pick) => {
    const { client } = world;
    if (client !== undefined) world.try(() => step(world, client, pick));
  };

const STEPS: readonly Step[] = [
  (world) =>
    world.try(() =>
      prepareToken(world.client, proposal(world.tokens.size, world.now, world.ring), undefined, at(world.now)),
    ),
  withToken((world, client, record) =>
    activateToken(client, { record, payloadSha256: record.payloadSha256, ring: world.ring }, at(world.now)),
  ),
  withToken((world, client, record, pick) =>
    activateToken(client, { record, payloadSha256: sha256(`payload ${pick}`), ring: world.ring }, at(world.now)),
  ),
  withToken((world, client, record, pick) =>
    reprepareToken(client, record, { payloadSha256: sha256(`again ${pick}`), kid: record.kid }, at(world.now)),
  ),
  withToken((world, client, record, pick) =>
    revokeTokens(client, [record], pick % 2 === 0 ? undefined : 'leaked', at(world.now)),
  ),
  withToken((world, client, record, pick) =>
    claimRotation(
      client,
      {
        old: record,
        successor: record.replacedBy === undefined ? undefined : world.tokens.get(record.replacedBy),
        token: proposal(world.tokens.size, world.now, world.ring),
        grace: pick % 2000,
        ring: world.ring,
        takeOver: pick % 3 === 0,
      },
      at(world.now),
    ),
  ),
  withToken((world, client, record) => {
    const old = world.tokens.get(record.replaces ?? '');
    if (old === undefined) return undefined;
    const end = { old, record, payloadSha256: record.payloadSha256, ring: world.ring };
    return completeRotation(client, end, at(world.now));
  }),
  withClient((world, client) => suspendClient(client, at(world.now))),
  withClient((world, client) => resumeClient(client, at(world.now))),
  withClient((world, client) => revokeClient(client, at(world.now))),
  (world, pick) =>
    world.try(() =>
      setClient(world.client, 'partner', pick % 2 === 0 ? { contact: `c${pick}` } : { contact: null }, at(world.now)),
    ),
  (world) =>
    world.try(() =>
      addKey(world.ring, { kid: `k${world.ring.keys.length}`, alg: 'ES256', ref: 'file:x' }, at(world.now)),
    ),
  (world, pick) => world.try(() => activateKey(world.ring, `k${pick % 4}`, pick % 2 === 0, at(world.now))),
  (world, pick) => world.try(() => retireKey(world.ring, `k${pick % 4}`, at(world.now))),
  (world, pick) =>
    world.try(() => (pick % 25 === 0 ? revokeKey(world.ring, `k${pick % 4}`, at(world.now)) : undefined)),
  (world, pick) => {
    world.now += pick % 400;
  },
];

/** Tokens come and go more often than clients are revoked; without these repeats few rotations would complete. */
const COMMON = [0, 1, 1, 1, 5, 5, 6, 6, 6];
const WEIGHTED: readonly Step[] = [...STEPS, ...COMMON.flatMap((index) => STEPS[index] ?? [])];

describe('any sequence of transitions', () => {
  it('never raises liveUntil, leaves revoked, skips a version, or writes what its events do not say', () => {
    const command = fc.record({ step: fc.nat(WEIGHTED.length - 1), pick: fc.nat(5000) });
    let activated = 0;
    let replaced = 0;
    fc.assert(
      fc.property(fc.array(command, { minLength: 20, maxLength: 60, size: 'max' }), (commands) => {
        const world = new World();
        for (const { step, pick } of commands) WEIGHTED[step]?.(world, pick);
        const { client } = world;
        if (client === undefined) return;
        activated += world.events.filter(({ action }) => action === 'token.activated').length;
        replaced += world.events.filter(({ action }) => action === 'token.replaced').length;
        expect(verifyChain({ kind: 'client', id: 'partner' }, world.events, client, sha256)).toBeUndefined();
        const replayed = world.replay();
        const { version: _version, eventSeq: _seq, eventHash: _hash, ...body } = client;
        expect(replayed.client).toEqual(body);
        expect(Object.fromEntries(replayed.tokens)).toEqual(Object.fromEntries(world.tokens));
      }),
      { seed, numRuns: 400 },
    );
    // The sequences reach the states that matter.
    expect(activated).toBeGreaterThan(100);
    expect(replaced).toBeGreaterThan(5);
  });
});

describe('a token', () => {
  const ring = firstRing();
  const prepare = (n = 1): ClientChange => prepareToken(undefined, proposal(n, START, ring), undefined, at(START));

  it('registers its client with the first one, and is pending', () => {
    const change = prepare();
    expect(change.events.map(({ action }) => action)).toEqual(['client.registered', 'token.prepared']);
    expect(change.client).toMatchObject({ id: 'partner', state: 'active', epoch: 1, version: 1, eventSeq: 2 });
    expect(recordIn(change, uuid(1))).toMatchObject({
      state: 'pending',
      liveUntil: START + 1000,
      issuedBy: 'admin@host',
    });
  });

  it('names the parameters of its request in the event that prepares it, issued or rotated', () => {
    const parameterHash = sha256('parameters');
    const token = { ...proposal(1, START, ring), requestId: 'CHG-1' };
    const request = { id: 'CHG-1', parameterHash, jti: token.jti, client: 'partner', createdAt: START, exp: token.exp };
    const issued = prepareToken(undefined, token, request, at(START));
    expect(issued.events.map(({ detail }) => detail.parameterHash)).toEqual([undefined, parameterHash]);
    const payloadSha256 = token.payloadSha256;
    const record = recordIn(issued, token.jti);
    const live = activateToken(issued.client, { record, payloadSha256, ring }, at(START));
    const old = recordIn(live, token.jti);
    const next = { ...proposal(2, START, ring), requestId: 'CHG-2' };
    const claim = { old, successor: undefined, token: next, grace: 0, ring, takeOver: false };
    const again = { ...request, id: 'CHG-2', jti: next.jti };
    const rotated = claimRotation(live.client, { ...claim, request: again }, at(START));
    expect(rotated.events.map(({ detail }) => detail.parameterHash)).toEqual([parameterHash, undefined]);
    const unasked = claimRotation(live.client, claim, at(START));
    expect(unasked.events.every(({ detail }) => !('parameterHash' in detail))).toBe(true);
  });

  it('is live once activated, and keeps the request id of the signature', () => {
    const { client, created } = prepare();
    const [record] = created;
    if (record === undefined) throw new Error('no record');
    const proof = { record, payloadSha256: record.payloadSha256, ring, kmsRequestId: 'req-1' };
    const active = recordIn(activateToken(client, proof, at(START)), uuid(1));
    expect(active).toMatchObject({ state: 'active', kmsRequestId: 'req-1' });
    expect(judgeRecord(active, client, ring.keys[0], START)).toBeUndefined();
  });

  it('is not activated with another payload, after its client was revoked or suspended, too late, or by a dead key', () => {
    const { client, created } = prepare();
    const [record] = created;
    if (record === undefined) throw new Error('no record');
    const proof = { record, payloadSha256: record.payloadSha256, ring };
    const revoked = revokeKey(ring, 'k0', at(START))?.ring;
    expect(() => activateToken(client, { ...proof, payloadSha256: sha256('x') }, at(START))).toThrow(
      code('SUPERSEDED'),
    );
    expect(() => activateToken(revokeClient(client, at(START)).client, proof, at(START))).toThrow(
      code('CLIENT_CHANGED'),
    );
    expect(() => activateToken({ ...client, state: 'suspended' }, proof, at(START))).toThrow(code('CLIENT_SUSPENDED'));
    expect(() => activateToken(client, proof, at(START + 1000))).toThrow(code('WRONG_STATE'));
    expect(() => activateToken(client, { ...proof, ring: revoked }, at(START))).toThrow(code('NO_ACTIVE_KEY'));
    expect(() => activateToken(client, { ...proof, ring: undefined }, at(START))).toThrow(code('NO_ACTIVE_KEY'));
    const dead = { ...proof, record: { ...record, state: 'revoked' as const } };
    expect(() => activateToken(client, dead, at(START))).toThrow(code('WRONG_STATE'));
  });

  it('that is revoked a second time changes nothing', () => {
    const { client, created } = prepare();
    const change = revokeTokens(client, created, 'leaked', at(START + 5));
    expect(change?.updated[0]).toMatchObject({
      state: 'revoked',
      revokedAt: START + 5,
      revokedBy: 'admin@host',
      reason: 'leaked',
    });
    expect(revokeTokens(client, change?.updated ?? [], 'again', at(START + 6))).toBeUndefined();
  });
});

describe('a key', () => {
  it('settles for ten minutes before it signs, unless it is the first or --now was given', () => {
    const ring = addKey(firstRing(), { kid: 'k1', alg: 'ES256', ref: 'file:k1' }, at(START)).ring;
    const soon = at(START + KEY_SETTLING_SECONDS - 1);
    expect(() => activateKey(ring, 'k1', false, soon)).toThrow(code('WRONG_STATE'));
    expect(activateKey(ring, 'k1', true, soon).ring.keys.map(({ state }) => state)).toEqual(['retiring', 'active']);
    const activated = activateKey(ring, 'k1', false, at(START + KEY_SETTLING_SECONDS)).ring;
    expect(() => retireKey(activated, 'k0', at(START + 2 * KEY_SETTLING_SECONDS - 1))).toThrow(code('WRONG_STATE'));
    const retired = retireKey(activated, 'k0', at(START + 2 * KEY_SETTLING_SECONDS));
    expect(retired.ring.keys[0]).toMatchObject({ state: 'retired', retiredAt: START + 2 * KEY_SETTLING_SECONDS });
    expect(() => retireKey(activated, 'k1', at(START + 9999))).toThrow(code('WRONG_STATE'));
    expect(() => addKey(ring, { kid: 'k1', alg: 'ES256', ref: 'file:k1' }, at(START))).toThrow(code('WRONG_STATE'));
    expect(() => retireKey(ring, 'k9', at(START))).toThrow(code('KEY_NOT_FOUND'));
    expect(revokeKey(revokeKey(ring, 'k0', at(START))?.ring ?? ring, 'k0', at(START))).toBeUndefined();
  });
});
