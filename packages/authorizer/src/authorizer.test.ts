/** Decisions as a caller sees them: each reason for a denial, and every kind of bad token, through the public face. */
import { assemble, encodeBase64url, GRANT_TYPE, SEAL_TYPE, signingInput, type DenialReason } from '@apikey/shared';
import { DENIAL_REASONS } from '@apikey/shared';
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { AUDIENCE, forge, ISSUER, START, testKey, World, type Issued } from '../test/world.ts';
import { compileRoutes, type AuthorizeRequest, type AuthorizerOptions, type Decision } from './index.ts';

const DAY = 86_400;

test('a live token is allowed, and the decision names client, jti, scopes, key and end of life', async () => {
  const world = new World();
  const { token, jti } = world.issue({ scopes: ['plans:read', 'plans:write'], record: { liveUntil: START + DAY } });
  await expect(world.authorizer().authorize({ token })).resolves.toEqual({
    allowed: true,
    client: 'partner',
    jti,
    scopes: ['plans:read', 'plans:write'],
    kid: world.key.kid,
    expiresAt: START + DAY,
  });
});

test('whoever can write a record cannot widen what its token may do', async () => {
  const world = new World();
  const { token } = world.issue({ scopes: ['plans:read'], record: { scopes: ['plans:read', 'plans:write'] } });
  const routes = [{ method: 'GET', path: '/plans', scopes: ['plans:write'] }];
  await expect(world.authorizer().authorize({ token })).resolves.toMatchObject({ scopes: ['plans:read'] });
  const decision = world.authorizer({ routes }).authorize({ token, method: 'GET', path: '/plans' });
  await expect(decision).resolves.toMatchObject({ allowed: false, reason: 'insufficient_scope' });
});

test('the scopes of a decision are those that the client may use', async () => {
  const world = new World();
  world.addClient('partner', { scopes: ['plans:read'] });
  const { token } = world.issue({ scopes: ['plans:read', 'plans:write'] });
  await expect(world.authorizer().authorize({ token })).resolves.toMatchObject({ scopes: ['plans:read'] });
});

test('tokens of every kind of key are allowed', async () => {
  const world = new World();
  const authorizer = world.authorizer();
  const keys = (['ES256', 'EdDSA', 'RS256'] as const).map((alg) => testKey(alg));
  for (const key of keys) world.addKey(key);
  for (const key of keys) {
    // oxlint-disable-next-line no-await-in-loop
    await expect(authorizer.authorize({ token: world.issue({ key }).token })).resolves.toMatchObject({ kid: key.kid });
  }
});

test('routes of the authorizer and of the face that asks apply together', async () => {
  const world = new World();
  const { token } = world.issue({ scopes: ['plans:read'] });
  const routes = [{ method: 'GET', path: '/plans/*', scopes: ['plans:read'] }];
  const authorizer = world.authorizer({ routes });
  const ask = (path: string, stricter: string[]): Promise<Decision> =>
    authorizer.authorize({
      token,
      method: 'GET',
      path,
      routes: compileRoutes([{ method: 'GET', path: '*', scopes: stricter }]),
    });
  await expect(ask('/plans/1', [])).resolves.toMatchObject({ allowed: true });
  await expect(ask('/plans/1', ['admin'])).resolves.toMatchObject({ reason: 'insufficient_scope' });
  await expect(ask('/other', [])).resolves.toMatchObject({ reason: 'insufficient_scope' });
});

interface Denial {
  readonly title: string;
  readonly reason: DenialReason;
  /** Issues the token and makes the world deny it. */
  readonly arrange: (world: World) => Issued;
  readonly request?: Partial<AuthorizeRequest>;
  readonly options?: Partial<AuthorizerOptions>;
}

/** Issues a token, then changes something. */
function after(change: (world: World, issued: Issued) => void): (world: World) => Issued {
  return (world) => {
    const issued = world.issue({ scopes: ['plans:read'] });
    change(world, issued);
    return issued;
  };
}
const plain = after(() => undefined);

const denials: Denial[] = [
  { title: 'no token', reason: 'missing_token', arrange: plain, request: { token: undefined } },
  { title: 'an empty token', reason: 'missing_token', arrange: plain, request: { token: '' } },
  { title: 'something that is no token', reason: 'malformed', arrange: plain, request: { token: 'garbage' } },
  {
    title: 'another type of token',
    reason: 'wrong_type',
    arrange: plain,
    request: { token: forge({ alg: 'ES256', typ: 'JWT', kid: testKey().kid }, {}, testKey()) },
  },
  {
    title: 'a key that is not in the ring',
    reason: 'key_unknown',
    arrange: (world) => world.issue({ key: testKey('ES256', 1) }),
  },
  {
    title: 'a signature by another key',
    reason: 'bad_signature',
    arrange: (world) => {
      const { kid } = world.key;
      return world.issue({ key: { ...testKey('ES256', 1), kid } });
    },
  },
  {
    title: 'another issuer',
    reason: 'wrong_issuer',
    arrange: (world) => world.issue({ claims: { iss: `${ISSUER}/` } }),
  },
  {
    title: 'another audience',
    reason: 'wrong_audience',
    arrange: (world) => world.issue({ claims: { aud: [`${AUDIENCE}/`, 'https://other.example.test'] } }),
  },
  {
    title: 'sub and client_id that differ',
    reason: 'claims_mismatch',
    arrange: (world) => world.issue({ claims: { client_id: 'another' } }),
  },
  {
    title: 'a longer lifetime than is accepted',
    reason: 'lifetime_exceeded',
    arrange: (world) => world.issue({ claims: { exp: START + 366 * DAY + 1 } }),
  },
  {
    title: 'no record',
    reason: 'unknown_token',
    arrange: after(({ records }, { jti }) => records.delete(jti)),
  },
  {
    title: 'a record of another client',
    reason: 'unknown_token',
    arrange: after((world, { jti }) => world.updateRecord(jti, { client: 'another' })),
  },
  {
    title: 'a record that was made for another payload',
    reason: 'claims_mismatch',
    arrange: after((world, { jti }) => world.updateRecord(jti, { payloadSha256: '0'.repeat(64) })),
  },
  {
    title: 'a record that names another key',
    reason: 'claims_mismatch',
    arrange: after((world, { jti }) => world.updateRecord(jti, { kid: testKey('ES256', 1).kid })),
  },
  {
    title: 'a pending record',
    reason: 'not_activated',
    arrange: after((world, { jti }) => world.updateRecord(jti, { state: 'pending' })),
  },
  { title: 'a revoked record', reason: 'revoked', arrange: after((world, { jti }) => world.revoke(jti)) },
  { title: 'no client', reason: 'client_unknown', arrange: after(({ clients }) => clients.delete('partner')) },
  {
    title: 'a suspended client',
    reason: 'client_suspended',
    arrange: after((world) => world.addClient('partner', { state: 'suspended' })),
  },
  {
    title: 'a client whose epoch has risen',
    reason: 'client_revoked',
    arrange: after((world) => world.addClient('partner', { epoch: 2 })),
  },
  {
    title: 'a retired key',
    reason: 'key_retired',
    arrange: after((world) => world.setKeyState(world.key, 'retired')),
  },
  {
    title: 'a revoked key',
    reason: 'key_revoked',
    arrange: after((world) => world.setKeyState(world.key, 'revoked')),
  },
  {
    title: 'an expired token',
    reason: 'expired',
    arrange: after((world) => world.clock.advance(90 * DAY)),
  },
  {
    title: 'a token whose grace is over',
    reason: 'retired',
    arrange: after((world, { jti }) => world.updateRecord(jti, { liveUntil: START })),
  },
  {
    title: 'a token before its nbf',
    reason: 'not_yet_valid',
    arrange: (world) => world.issue({ claims: { nbf: START + 1 } }),
  },
  {
    title: 'an address outside of the client networks',
    reason: 'address_not_allowed',
    arrange: after((world) => world.addClient('partner', { cidrs: ['192.0.2.0/24'] })),
    request: { sourceAddress: '198.51.100.1' },
  },
  {
    title: 'no address, for a client limited to networks',
    reason: 'address_not_allowed',
    arrange: after((world) => world.addClient('partner', { cidrs: ['0.0.0.0/0', '::/0'] })),
  },
  {
    title: 'a route whose scopes are missing',
    reason: 'insufficient_scope',
    arrange: plain,
    request: { method: 'POST', path: '/plans' },
    options: { routes: [{ method: 'POST', path: '/plans', scopes: ['plans:write'] }] },
  },
  {
    title: 'no matching route',
    reason: 'insufficient_scope',
    arrange: plain,
    request: { method: 'GET', path: '/other' },
    options: { routes: [{ method: 'GET', path: '/plans', scopes: [] }] },
  },
  {
    title: 'no method and path, where routes are configured',
    reason: 'insufficient_scope',
    arrange: plain,
    options: { routes: [{ method: '*', path: '*', scopes: [] }] },
  },
  {
    title: 'an answer that the gateway would keep beyond exp',
    reason: 'expired',
    arrange: after((world) => world.clock.advance(90 * DAY - 299)),
    options: { gatewayResultTtl: 300 },
  },
  {
    title: 'an answer that the gateway would keep beyond the grace',
    reason: 'retired',
    arrange: after((world, { jti }) => world.updateRecord(jti, { liveUntil: START + 299 })),
    options: { gatewayResultTtl: 300 },
  },
];

describe('a denial', () => {
  test.each(denials)('for $title has the reason $reason', async ({ reason, arrange, request, options }) => {
    const world = new World();
    const { token } = arrange(world);
    const decision = await world.authorizer(options).authorize({ token, ...request });
    const status = reason === 'address_not_allowed' || reason === 'insufficient_scope' ? 403 : 401;
    expect(decision).toEqual({ allowed: false, reason, status });
    expect(world.reports).toMatchObject([{ allowed: false, reason }]);
  });

  test('can have every reason of the closed set', () => {
    expect(new Set(denials.map(({ reason }) => reason))).toEqual(new Set(DENIAL_REASONS));
  });

  test('is the same for a token that was allowed before, whatever has changed since', async () => {
    const changes = denials.filter(({ reason }) => !['missing_token', 'malformed', 'wrong_type'].includes(reason));
    for (const { arrange, reason, request, options } of changes) {
      const world = new World();
      const authorizer = world.authorizer({ ...options, maxStaleness: { keys: 0 } });
      const { token } = arrange(world);
      // oxlint-disable-next-line no-await-in-loop
      const first = await authorizer.authorize({ token, ...request });
      // oxlint-disable-next-line no-await-in-loop
      expect(await authorizer.authorize({ token, ...request })).toEqual(first);
      expect(first).toMatchObject({ reason });
    }
  });
});

describe('time', () => {
  test('ends a token at exp to the second, and lets it begin at nbf', async () => {
    const world = new World();
    const { token } = world.issue({ claims: { nbf: START + 10, exp: START + 20 } });
    const authorizer = world.authorizer();
    const reasonAt = async (second: number): Promise<unknown> => {
      world.clock.moveWall(START + second - world.clock.wall() / 1000);
      const decision = await authorizer.authorize({ token });
      return decision.allowed || decision.reason;
    };
    expect(await reasonAt(9.999)).toBe('not_yet_valid');
    expect(await reasonAt(10)).toBe(true);
    expect(await reasonAt(19.999)).toBe(true);
    expect(await reasonAt(20)).toBe('expired');
  });

  test('may be missed by the clock tolerance at exp and nbf, but not at the end of a grace', async () => {
    const world = new World();
    const authorizer = world.authorizer({ clockTolerance: 30 });
    const late = world.issue({ claims: { exp: START + 100 } });
    const early = world.issue({ claims: { nbf: START + 159 } });
    const graced = world.issue({ record: { liveUntil: START + 129 } });
    world.clock.advance(129);
    await expect(authorizer.authorize({ token: late.token })).resolves.toMatchObject({ allowed: true });
    await expect(authorizer.authorize({ token: early.token })).resolves.toMatchObject({ allowed: true });
    await expect(authorizer.authorize({ token: graced.token })).resolves.toMatchObject({ reason: 'retired' });
    world.clock.advance(1);
    await expect(authorizer.authorize({ token: late.token })).resolves.toMatchObject({ reason: 'expired' });
  });

  test.each([
    [0, 0, true],
    [0, 1, false],
    [30, 30, true],
    [30, 31, false],
    [60, 60, true],
    [60, 3600, false],
  ])('with a tolerance of %d s, an iat %d s ahead is fine: %s', async (clockTolerance, ahead, fine) => {
    const world = new World();
    const authorizer = world.authorizer({ clockTolerance });
    const issued = world.issue({ claims: { iat: START + ahead } });
    const first = fine ? { allowed: true } : { allowed: false, reason: 'malformed' };
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(first);
    expect(world.calls.status).toBe(fine ? 1 : 0);
    world.clock.advance(ahead);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject({ allowed: true });
    // Judged anew by every decision, although the signature is known by now.
    world.clock.moveWall(-ahead);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(first);
  });

  test('leaves an answer allowed that the gateway forgets just in time', async () => {
    const world = new World();
    const { token, jti } = world.issue({ claims: { exp: START + 600 } });
    const authorizer = world.authorizer({ gatewayResultTtl: 300 });
    world.clock.advance(300);
    await expect(authorizer.authorize({ token })).resolves.toMatchObject({ allowed: true });
    world.updateRecord(jti, { liveUntil: START + 599 });
    await expect(authorizer.authorize({ token })).resolves.toMatchObject({ reason: 'retired' });
  });
});

/** The claims of a live token, as plain members. */
function claimsOf({ claims }: Issued): Record<string, unknown> {
  const { aud, scope: _, nbf: __, ...rest } = claims;
  return { ...rest, aud: aud[0] };
}
const header = { alg: 'ES256', typ: 'at+jwt', kid: testKey().kid };

/** What a grant says of a commit. */
const GRANT_STATEMENT = {
  iss: ISSUER,
  env: 'prod',
  aggregate: 'client:partner',
  fromSeq: 1,
  seq: 2,
  prev: '0'.repeat(64),
  hash: 'a'.repeat(64),
};

/** Bad tokens beside which a good one with the same claims is live: each as a change of header, payload or text. */
const badTokens: [title: string, make: (issued: Issued) => unknown, reason: DenialReason][] = [
  ['two segments', ({ token }) => token.split('.').slice(0, 2).join('.'), 'malformed'],
  ['four segments', ({ token }) => `${token}.AA`, 'malformed'],
  ['an empty header', ({ token }) => token.replace(/^[^.]+/, ''), 'malformed'],
  ['an empty payload', ({ token }) => token.replace(/\.[^.]+\./, '..'), 'malformed'],
  ['an empty signature', ({ token }) => token.replace(/[^.]+$/, ''), 'malformed'],
  ['only dots', () => '..', 'malformed'],
  ['padding', ({ token }) => `${token}==`, 'malformed'],
  ['padding inside', ({ token }) => token.replace('.', '=.'), 'malformed'],
  ['a space in front', ({ token }) => ` ${token}`, 'malformed'],
  ['a line end behind', ({ token }) => `${token}\n`, 'malformed'],
  ['a tab inside', ({ token }) => token.replace('.', '.\t'), 'malformed'],
  ['the other alphabet', ({ token }) => token.replace(/\../, '.+'), 'malformed'],
  ['characters outside of ASCII', ({ token }) => token.replace(/.$/, 'é'), 'malformed'],
  ['9 KB', () => 'A'.repeat(9 * 1024), 'malformed'],
  ['9 KB in three segments', ({ token }) => token.replace('.', `${'A'.repeat(9 * 1024)}.`), 'malformed'],
  ['stray trailing bits', ({ token }) => withTrailingBits(token), 'malformed'],
  ['a byte order mark', (issued) => forge(`\uFEFF${JSON.stringify(header)}`, claimsOf(issued), testKey()), 'malformed'],
  ['a header that is an array', (issued) => forge([header], claimsOf(issued), testKey()), 'malformed'],
  ['a header that is a string', (issued) => forge('"at+jwt"', claimsOf(issued), testKey()), 'malformed'],
  ['a payload that is an array', (issued) => forge(header, [claimsOf(issued)], testKey()), 'malformed'],
  ['a payload that is null', () => forge(header, 'null', testKey()), 'malformed'],
  ['a payload that is no JSON', () => forge(header, '{', testKey()), 'malformed'],
  [
    'a member twice in the header',
    (issued) => forge(JSON.stringify(header).replace('{', '{"alg":"ES256",'), claimsOf(issued), testKey()),
    'malformed',
  ],
  [
    'a member twice in the payload',
    (issued) => forge(header, JSON.stringify(claimsOf(issued)).replace('{', '{"sub":"partner",'), testKey()),
    'malformed',
  ],
  [
    'a member twice, once with an escape',
    (issued) => forge(header, JSON.stringify(claimsOf(issued)).replace('{', '{"s\\u0075b":"partner",'), testKey()),
    'malformed',
  ],
  [
    'a header of 600 bytes',
    (issued) => forge({ ...header, x: 'y'.repeat(600) }, claimsOf(issued), testKey()),
    'malformed',
  ],
  ['no exp', (issued) => forge(header, { ...claimsOf(issued), exp: undefined }, testKey()), 'malformed'],
  ['exp as a string', (issued) => forge(header, { ...claimsOf(issued), exp: '1900000000' }, testKey()), 'malformed'],
  [
    'exp of 1e400',
    (issued) => forge(header, JSON.stringify(claimsOf(issued)).replace(/"exp":\d+/, '"exp":1e400'), testKey()),
    'malformed',
  ],
  ['exp with a fraction', (issued) => forge(header, { ...claimsOf(issued), exp: START + 0.5 }, testKey()), 'malformed'],
  ['exp that is iat', (issued) => forge(header, { ...claimsOf(issued), exp: START }, testKey()), 'malformed'],
  ['exp before iat', (issued) => forge(header, { ...claimsOf(issued), exp: START - 1 }, testKey()), 'malformed'],
  ['exp of 0', (issued) => forge(header, { ...claimsOf(issued), exp: 0 }, testKey()), 'malformed'],
  ['iat a second ahead', (issued) => forge(header, { ...claimsOf(issued), iat: START + 1 }, testKey()), 'malformed'],
  [
    'iat of the year 9999',
    (issued) => forge(header, { ...claimsOf(issued), iat: 253402300799 }, testKey()),
    'malformed',
  ],
  ['no jti', (issued) => forge(header, { ...claimsOf(issued), jti: undefined }, testKey()), 'malformed'],
  ['no sub', (issued) => forge(header, { ...claimsOf(issued), sub: undefined }, testKey()), 'malformed'],
  ['no client_id', (issued) => forge(header, { ...claimsOf(issued), client_id: undefined }, testKey()), 'malformed'],
  ['no iat', (issued) => forge(header, { ...claimsOf(issued), iat: undefined }, testKey()), 'malformed'],
  ['no aud', (issued) => forge(header, { ...claimsOf(issued), aud: undefined }, testKey()), 'malformed'],
  [
    'an aud list that holds no text',
    (issued) => forge(header, { ...claimsOf(issued), aud: [1] }, testKey()),
    'malformed',
  ],
  ['another payload under its signature', (issued) => withPayload(issued, { scope: 'admin' }), 'bad_signature'],
  ['no typ', (issued) => forge({ ...header, typ: undefined }, claimsOf(issued), testKey()), 'wrong_type'],
  ['typ JWT', (issued) => forge({ ...header, typ: 'JWT' }, claimsOf(issued), testKey()), 'wrong_type'],
  ['typ in capitals', (issued) => forge({ ...header, typ: 'AT+JWT' }, claimsOf(issued), testKey()), 'wrong_type'],
  [
    'the type of a grant over its claims',
    (issued) => forge({ ...header, typ: GRANT_TYPE }, claimsOf(issued), testKey()),
    'wrong_type',
  ],
  ['a grant', () => forge({ ...header, typ: GRANT_TYPE }, GRANT_STATEMENT, testKey()), 'wrong_type'],
  ['the type of a seal', (issued) => forge({ ...header, typ: SEAL_TYPE }, claimsOf(issued), testKey()), 'wrong_type'],
  // The active key signs grants and tokens: only the type tells them apart, and a statement holds no claims.
  ['a grant with the type of a token', () => forge(header, GRANT_STATEMENT, testKey()), 'malformed'],
  ['typ that is a number', (issued) => forge({ ...header, typ: 1 }, claimsOf(issued), testKey()), 'malformed'],
  ...['crit', 'b64', 'zip', 'enc', 'jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256'].map(
    (name): (typeof badTokens)[number] => [
      `the header member ${name}`,
      (issued) => forge({ ...header, [name]: [] }, claimsOf(issued), testKey()),
      'malformed',
    ],
  ),
  ...['none', 'None', 'NONE', 'nOnE', ''].map((alg): (typeof badTokens)[number] => [
    `alg "${alg}"`,
    (issued) => forge({ ...header, alg }, claimsOf(issued), testKey()),
    'malformed',
  ]),
  [
    'alg none without a signature',
    (issued) => forge({ ...header, alg: 'none' }, claimsOf(issued), testKey()).replace(/[^.]+$/, ''),
    'malformed',
  ],
  ['HS256 with the public key as secret', (issued) => withHmac(issued), 'malformed'],
  ['no alg', (issued) => forge({ ...header, alg: undefined }, claimsOf(issued), testKey()), 'malformed'],
  ['alg of another key', (issued) => forge({ ...header, alg: 'RS256' }, claimsOf(issued), testKey()), 'bad_signature'],
  [
    'alg of a near relative',
    (issued) => forge({ ...header, alg: 'ES384' }, claimsOf(issued), testKey()),
    'bad_signature',
  ],
  ['no kid', (issued) => forge({ ...header, kid: undefined }, claimsOf(issued), testKey()), 'key_unknown'],
  [
    'a kid that is a path',
    (issued) => forge({ ...header, kid: '../../etc/passwd' }, claimsOf(issued), testKey()),
    'key_unknown',
  ],
  [
    'a kid that every object has',
    (issued) => forge({ ...header, kid: '__proto__' }, claimsOf(issued), testKey()),
    'key_unknown',
  ],
  ['a signature of zeros', (issued) => forge(header, claimsOf(issued), testKey(), Buffer.alloc(64)), 'bad_signature'],
  [
    'a signature one byte short',
    (issued) => forge(header, claimsOf(issued), testKey(), Buffer.alloc(63, 1)),
    'bad_signature',
  ],
  [
    'a signature one byte long',
    (issued) => forge(header, claimsOf(issued), testKey(), Buffer.alloc(65, 1)),
    'bad_signature',
  ],
  ['a number', () => 42, 'malformed'],
  ['an object', () => ({ toString: () => 'x' }), 'malformed'],
  ['null', () => null, 'malformed'],
];

/** The last character of a segment of 4n + 2 has four bits that no byte uses. */
function withTrailingBits(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(token.slice(-1));
  return token.slice(0, -1) + alphabet.charAt(last + 1);
}

function withPayload({ token, claims }: Issued, change: object): string {
  const [head, , signature] = token.split('.');
  return [head, encodeBase64url(JSON.stringify({ ...claims, ...change })), signature].join('.');
}

function withHmac(issued: Issued): string {
  const key = testKey();
  const input = signingInput(
    Buffer.from(JSON.stringify({ ...header, alg: 'HS256' })),
    Buffer.from(JSON.stringify(claimsOf(issued))),
  );
  const secret = key.publicKey.export({ type: 'spki', format: 'pem' });
  return assemble(input, createHmac('sha256', secret).update(input).digest());
}

describe('a bad token', () => {
  test.each(badTokens)('with %s is denied, and costs no read of its status', async (_, make, reason) => {
    const world = new World();
    const issued = world.issue();
    const authorizer = world.authorizer();
    const token = make(issued);
    expect(token).not.toBe(issued.token);
    // @ts-expect-error -- a caller without types may pass anything
    await expect(authorizer.authorize({ token })).resolves.toMatchObject({ allowed: false, reason });
    expect(world.calls.status).toBe(0);
    await expect(authorizer.authorize({ token: issued.token })).resolves.toMatchObject({ allowed: true });
  });

  test('never shows in a report: no text of it, no claim, no kid that the ring does not have', async () => {
    const world = new World();
    const { token, claims } = world.issue({ key: testKey('ES256', 1) });
    const forged = world.issue({ key: { ...testKey('ES256', 1), kid: world.key.kid } });
    const authorizer = world.authorizer();
    await authorizer.authorize({ token });
    await authorizer.authorize({ token: forged.token });
    const told = JSON.stringify(world.reports);
    for (const secret of [...token.split('.'), ...forged.token.split('.').slice(1), claims.jti, claims.rnd]) {
      expect(told).not.toContain(secret);
    }
    expect(told).not.toContain(testKey('ES256', 1).kid);
    expect(world.reports).toMatchObject([{ reason: 'key_unknown' }, { reason: 'bad_signature', kid: world.key.kid }]);
    expect(world.reports.some((report) => 'client' in report || 'jti' in report)).toBe(false);
  });
});

/** Payloads that take the longest to parse, or that no parser takes. None may cost anything before the signature held. */
const heavyPayloads: [string, string][] = [
  ['no JSON', '{'.repeat(5800)],
  ['no UTF-8', 'ÿ'.repeat(2800)],
  ['a thousand members', `{${Array.from({ length: 560 }, (_, n) => `"${n}":[]`).join(',')}}`],
  ['a member twice', `{"a":1,"a":${'1'.repeat(5000)}}`],
  ['depth', '['.repeat(2900) + ']'.repeat(2900)],
  ['escaped quotes', JSON.stringify({ q: '"'.repeat(2800) })],
  ['nothing', ' '],
];

test.each(heavyPayloads)(
  'a forged signature over %s is what it is denied for: the payload is not parsed',
  async (_, payload) => {
    const world = new World();
    const key = testKey();
    const authorizer = world.authorizer();
    const token = forge(header, payload, key, Buffer.alloc(64, 7));
    await expect(authorizer.authorize({ token })).resolves.toMatchObject({ reason: 'bad_signature' });
    const unknown = forge({ ...header, kid: 'A'.repeat(43) }, payload, key);
    await expect(authorizer.authorize({ token: unknown })).resolves.toMatchObject({ reason: 'key_unknown' });
    await expect(authorizer.authorize({ token: forge(header, payload, key) })).resolves.toMatchObject({
      reason: 'malformed',
    });
  },
);

/** The order of P-256. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** The other valid spelling of an ECDSA signature: s replaced by n - s. */
function twin(token: string): string {
  const [head, payload, signature = ''] = token.split('.');
  const raw = Buffer.from(signature, 'base64url');
  const s = N - BigInt(`0x${raw.subarray(32).toString('hex')}`);
  const other = Buffer.concat([raw.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
  return `${head}.${payload}.${encodeBase64url(other)}`;
}

test('a token and its twin with s replaced by n - s are one token: allowed together, revoked together', async () => {
  const world = new World();
  const authorizer = world.authorizer({ maxStaleness: { tokens: 60 } });
  const { token, jti } = world.issue();
  const other = twin(token);
  expect(other).not.toBe(token);
  const first = await authorizer.authorize({ token });
  expect(first).toMatchObject({ allowed: true, jti });
  await expect(authorizer.authorize({ token: other })).resolves.toEqual(first);
  expect(world.calls.status).toBe(1);
  world.revoke(jti);
  world.clock.advance(61);
  await expect(authorizer.authorize({ token: other })).resolves.toMatchObject({ reason: 'revoked' });
  await expect(authorizer.authorize({ token })).resolves.toMatchObject({ reason: 'revoked' });
});
