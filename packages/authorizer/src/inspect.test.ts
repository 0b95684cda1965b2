/** An explanation shows every step, and never disagrees with the decision. */
import { UnavailableError, type TokenClaims } from '@apikey/shared';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AUDIENCE, forge, ISSUER, START, testKey, World } from '../test/world.ts';
import { AuthorizerFault, CHECK_NAMES, inspectToken, type Inspection } from './index.ts';

const LIFETIME = 366 * 86_400;

function inspect(world: World, token: string, sourceAddress?: string): Promise<Inspection> {
  return inspectToken({
    token,
    ring: world.ringKeys === undefined ? undefined : world.ring(),
    publicKey: (ref) => world.keys.publicKey(ref),
    readStatus: (jti, client) => world.status.readStatus(jti, client),
    issuer: ISSUER,
    audience: AUDIENCE,
    maxLifetime: LIFETIME,
    now: world.clock.wall() / 1000,
    sourceAddress,
  });
}

/** Each check as `+name`, `-name` or `?name`. */
function outline({ checks }: Inspection): string[] {
  return checks.map(({ name, ok }) => `${ok === null ? '?' : ok ? '+' : '-'}${name}`);
}

describe('an inspection', () => {
  test('of a live token shows every step, each with what was found', async () => {
    const world = new World();
    const issued = world.issue({ scopes: ['plans:read'] });
    const inspection = await inspect(world, issued.token);
    expect(inspection).toMatchObject({ live: true, reason: undefined });
    expect(inspection.claims).toEqual(issued.claims);
    expect(inspection.record).toEqual(world.records.get(issued.jti));
    expect(inspection.client).toEqual(world.clients.get('partner'));
    expect(inspection.checks).toEqual([
      { name: 'format', ok: true, detail: 'three canonical segments' },
      { name: 'type', ok: true, detail: 'at+jwt' },
      { name: 'key', ok: true, detail: `ES256 key ${world.key.kid}` },
      { name: 'signature', ok: true, detail: 'verified with ES256' },
      { name: 'claims', ok: true, detail: 'all there, each of its form' },
      { name: 'issuer', ok: true, detail: 'as configured' },
      { name: 'audience', ok: true, detail: 'as configured' },
      { name: 'subject', ok: true, detail: 'client partner' },
      { name: 'lifetime', ok: true, detail: '90d' },
      { name: 'record', ok: true, detail: 'active, and made for this very payload' },
      { name: 'identity', ok: true, detail: 'holds' },
      { name: 'client', ok: true, detail: 'active, epoch 1' },
      { name: 'key state', ok: true, detail: 'active' },
      { name: 'time', ok: true, detail: 'until 2027-04-15T08:00:00Z' },
      { name: 'address', ok: true, detail: 'not limited to networks' },
    ]);
  });

  test('goes on after a failure wherever a step still can run', async () => {
    const world = new World();
    const { token, jti } = world.issue();
    world.revoke(jti);
    world.setKeyState(world.key, 'revoked');
    world.clock.advance(91 * 86_400);
    const inspection = await inspect(world, token);
    expect(inspection).toMatchObject({ live: false, reason: 'revoked' });
    expect(outline(inspection).slice(9)).toEqual([
      '-record',
      '+identity',
      '+client',
      '-key state',
      '-time',
      '+address',
    ]);
    expect(inspection.checks[9]?.detail).toBe('it was revoked (at 2027-01-15T08:00:00Z)');
    expect(inspection.checks[13]?.detail).toBe('it has expired (at 2027-04-15T08:00:00Z)');
  });

  test.each([
    ['garbage', 'malformed', 'format'],
    ['', 'missing_token', 'format'],
    [forge({ alg: 'ES256', typ: 'JWT', kid: testKey().kid }, {}, testKey()), 'wrong_type', 'type'],
    [forge({ alg: 'ES256', typ: 'at+jwt', kid: 'x' }, {}, testKey()), 'key_unknown', 'key'],
    [forge({ alg: 'RS256', typ: 'at+jwt', kid: testKey().kid }, {}, testKey()), 'bad_signature', 'signature'],
    [forge({ alg: 'ES256', typ: 'at+jwt', kid: testKey().kid }, {}, testKey()), 'malformed', 'claims'],
  ])('stops where nothing further can be known (%#)', async (token, reason, name) => {
    const world = new World();
    const inspection = await inspect(world, token);
    expect(inspection).toMatchObject({ live: false, reason });
    const at = CHECK_NAMES.indexOf(name);
    const expected = CHECK_NAMES.map((it, index) => `${index < at ? '+' : index === at ? '-' : '?'}${it}`);
    expect(outline(inspection)).toEqual(expected);
    expect(inspection).not.toHaveProperty('claims');
    expect(world.calls.status).toBe(0);
  });

  test.each([
    [{ exp: START }, 'it ends no later than it was issued'],
    [{ exp: START - 60 }, 'it ends no later than it was issued'],
    [{ iat: START + 60 }, 'it was issued in the future (at 2027-01-15T08:01:00Z)'],
  ])('says of claims with %j what is wrong with their times', async (claims, detail) => {
    const world = new World();
    const inspection = await inspect(world, world.issue({ claims }).token);
    expect(inspection.reason).toBe('malformed');
    expect(inspection.checks.find(({ name }) => name === 'lifetime')).toEqual({ name: 'lifetime', ok: false, detail });
    await expect(world.authorizer().authorize(world.issue({ claims }))).resolves.toMatchObject({ reason: 'malformed' });
  });

  test('shows all that is wrong with the claims, and asks the registry nothing about a token that is not ours', async () => {
    const world = new World();
    const { token, claims } = world.issue({ claims: { iss: 'https://x', aud: ['y'], exp: START + LIFETIME + 1 } });
    const inspection = await inspect(world, token);
    expect(inspection).toMatchObject({ reason: 'wrong_issuer', claims });
    expect(outline(inspection).slice(4, 10)).toEqual([
      '+claims',
      '-issuer',
      '-audience',
      '+subject',
      '-lifetime',
      '?record',
    ]);
    expect(world.calls.status).toBe(0);
  });

  test('does not check an address that it was not given', async () => {
    const world = new World();
    world.addClient('partner', { cidrs: ['192.0.2.0/24'] });
    const { token } = world.issue();
    const without = await inspect(world, token);
    expect(without).toMatchObject({ live: true });
    expect(without.checks.at(-1)).toEqual({ name: 'address', ok: null, detail: 'not checked: no address was given' });
    await expect(inspect(world, token, '192.0.2.7')).resolves.toMatchObject({ live: true });
    await expect(inspect(world, token, '198.51.100.7')).resolves.toMatchObject({ reason: 'address_not_allowed' });
  });

  test('of times that no calendar has is still an inspection', async () => {
    const world = new World();
    const { token } = world.issue({ claims: { exp: Number.MAX_SAFE_INTEGER } });
    await expect(inspect(world, token)).resolves.toMatchObject({ reason: 'lifetime_exceeded' });
  });

  test('rejects where a decision would be a fault', async () => {
    const world = new World();
    const { token } = world.issue();
    world.beforeStatus = () => Promise.reject(new UnavailableError('gone'));
    await expect(inspect(world, token)).rejects.toBeInstanceOf(UnavailableError);
    world.beforeStatus = () => ({});
    await expect(inspect(world, token)).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
    world.beforeKey = () => testKey('ES256', 1).publicKey;
    await expect(inspect(world, token)).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
    world.ringKeys = undefined;
    await expect(inspect(world, token)).rejects.toMatchObject({ code: 'RING_MISSING' });
    await expect(inspect(world, 'garbage')).resolves.toMatchObject({ reason: 'malformed' });
  });
});

describe('a decision and an inspection', () => {
  /** What may be wrong on the registry's side. */
  const troubles: Readonly<Record<string, (world: World, jti: string) => void>> = {
    pending: (world, jti) => world.updateRecord(jti, { state: 'pending' }),
    revoked: (world, jti) => world.updateRecord(jti, { state: 'revoked' }),
    graced: (world, jti) => world.updateRecord(jti, { liveUntil: START + 20 }),
    'of another payload': (world, jti) => world.updateRecord(jti, { payloadSha256: '0'.repeat(64) }),
    'of another key': (world, jti) => world.updateRecord(jti, { kid: 'x' }),
    'of a later epoch': (world, jti) => world.updateRecord(jti, { epoch: 2 }),
    damaged: (world, jti) => world.updateRecord(jti, { epoch: Number.NaN }),
    'client missing': ({ clients }) => clients.delete('partner'),
    'client suspended': (world) => world.addClient('partner', { state: 'suspended' }),
    'client revoked': (world) => world.addClient('partner', { epoch: 2 }),
    'client elsewhere': (world) => world.addClient('partner', { cidrs: ['198.51.100.0/24'] }),
    'client here': (world) => world.addClient('partner', { cidrs: ['192.0.2.0/24'] }),
    'client damaged': (world) => world.addClient('partner', { epoch: Number.NaN }),
    'key pending': (world) => world.setKeyState(world.key, 'pending'),
    'key retired': (world) => world.setKeyState(world.key, 'retired'),
    'key revoked': (world) => world.setKeyState(world.key, 'revoked'),
    'key lost': ({ publicKeys }) => publicKeys.clear(),
    'key mixed up': (world) => world.publicKeys.set(`test:${world.key.kid}`, testKey('ES256', 1).publicKey),
    'ring missing': (world) => {
      world.ringKeys = undefined;
    },
    // The last, for what is missing cannot be changed.
    missing: ({ records }, jti) => records.delete(jti),
  };

  /** Mostly as it should be, so that many a token gets as far as the last steps. */
  const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
    fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
  const scenario = fc.record({
    tamper: mostly('none', 'signature', 'payload', 'truncated', 'typ', 'kid', 'alg', 'claims', 'empty'),
    claims: mostly<Partial<TokenClaims>>(
      { exp: START + 100 },
      { iss: 'https://other' },
      { aud: ['x'] },
      { aud: [AUDIENCE, 'x'] },
      { client_id: 'another' },
      { exp: START + LIFETIME + 1 },
      { nbf: START + 50 },
    ),
    troubles: fc.subarray(Object.keys(troubles), { maxLength: 2 }),
    after: mostly(0, 30, 60, 100, 200),
  });
  type Scenario = typeof scenario extends fc.Arbitrary<infer S> ? S : never;

  function tampered(kind: string, world: World, token: string): string {
    const header = { alg: 'ES256', typ: 'at+jwt', kid: world.key.kid };
    const [head, payload = '', signature] = token.split('.');
    const body = Buffer.from(payload, 'base64url').toString();
    switch (kind) {
      case 'signature':
        return [head, payload, 'A'.repeat(86)].join('.');
      case 'payload':
        return [head, Buffer.from(body.replace('partner', 'another')).toString('base64url'), signature].join('.');
      case 'truncated':
        return token.slice(0, -1);
      case 'typ':
        return forge({ ...header, typ: 'JWT' }, body, world.key);
      case 'kid':
        return forge({ ...header, kid: testKey('ES256', 2).kid }, body, world.key);
      case 'alg':
        return forge({ ...header, alg: 'PS256' }, body, world.key);
      case 'claims':
        return forge(header, { iss: ISSUER }, world.key);
      case 'empty':
        return '';
      default:
        return token;
    }
  }

  async function verdicts(it: Scenario): Promise<[unknown, unknown]> {
    const world = new World();
    const { token, jti } = world.issue({ claims: it.claims });
    for (const name of it.troubles) troubles[name]?.(world, jti);
    world.clock.advance(it.after);
    const sourceAddress = '192.0.2.1';
    const presented = tampered(it.tamper, world, token);
    const outcome = async (verdict: Promise<{ reason?: unknown }>): Promise<unknown> => {
      try {
        return (await verdict).reason ?? 'live';
      } catch (error) {
        // An inspection lets the source's own error through where a decision wraps it.
        return error instanceof AuthorizerFault && error.code !== 'KEYS_UNAVAILABLE' ? error.code : 'fault';
      }
    };
    const decision = world.authorizer().authorize({ token: presented, sourceAddress });
    return [
      await outcome(decision.then((made) => (made.allowed ? {} : made))),
      await outcome(inspect(world, presented, sourceAddress)),
    ];
  }

  test('never disagree, whatever is wrong', async () => {
    const seen = new Set<unknown>();
    const property = fc.asyncProperty(scenario, async (it) => {
      const [decided, inspected] = await verdicts(it);
      expect(inspected).toBe(decided);
      seen.add(decided);
    });
    await fc.assert(property, { seed: 20_270_115, numRuns: 2000 });
    // The scenarios reach nearly every reason that does not belong to a route.
    expect(seen.size).toBeGreaterThanOrEqual(18);
  });
});
