/** Sources that throw, hang, or answer nonsense: a fault inside 1.5 s, never an allowance, and nothing left behind. */
import { AccessDeniedError, InvalidStateError, ThrottledError, UnavailableError } from '@apikey/shared';
import { createHmac, createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { gate, settle, START, testKey, World } from '../test/world.ts';
import { AuthorizerFault } from './index.ts';

const hang = (): Promise<never> => new Promise(() => {});
const allowed = { allowed: true };

function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

describe('a registry that fails', () => {
  test.each([
    ['throws', () => Promise.reject(new Error('boom')), 3],
    ['is out of reach', () => Promise.reject(new UnavailableError('gone')), 3],
    ['throttles', () => Promise.reject(new ThrottledError('slow down')), 3],
    ['denies access', () => Promise.reject(new AccessDeniedError('ACCESS_DENIED', 'no')), 1],
    ['is of another program', () => Promise.reject(new InvalidStateError('STORE_FOREIGN', 'not ours')), 1],
    ['throws something that is no error', () => Promise.reject(Object.create(null)), 3],
  ])('and %s is a fault after at most three attempts', async (_, answer, attempts) => {
    const world = new World();
    const authorizer = world.authorizer();
    const { token } = world.issue();
    world.beforeStatus = answer;
    const fault: unknown = await authorizer.authorize({ token }).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(AuthorizerFault);
    expect(fault).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
    expect(world.calls.status).toBe(attempts);
    expect(world.reports).toMatchObject([{ allowed: false, fault: 'REGISTRY_UNAVAILABLE' }]);
    expect(world.reports[0]).not.toHaveProperty('reason');
  });

  test('throws before it returns a promise, and that is a fault like any other', async () => {
    const world = new World();
    const readStatus = (): never => {
      throw new Error('boom');
    };
    const authorizer = world.authorizer({ status: { ...world.status, readStatus } });
    await expect(authorizer.authorize(world.issue())).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  });

  test('at the first attempts is not even noticed', async () => {
    const world = new World();
    world.beforeStatus = (nth) => (nth < 3 ? Promise.reject(new UnavailableError('hiccup')) : undefined);
    world.beforeRing = (nth) => (nth < 2 ? Promise.reject(new UnavailableError('hiccup')) : undefined);
    await expect(world.authorizer().authorize(world.issue())).resolves.toMatchObject(allowed);
  });

  test.each(['beforeRing', 'beforeStatus', 'beforeKey'] as const)(
    'to answer (%s) is given up within 1.5 s: attempts are told to stop, no timer stays',
    async (hook) => {
      const world = new World();
      const timers = activeTimers();
      const signals: (AbortSignal | undefined)[] = [];
      world[hook] = (_, signal) => {
        signals.push(signal);
        return hang();
      };
      const begun = performance.now();
      await expect(world.authorizer().authorize(world.issue())).rejects.toBeInstanceOf(AuthorizerFault);
      expect(performance.now() - begun).toBeLessThan(3000);
      expect(signals.map((signal) => signal?.aborted)).toEqual([true, true, true]);
      expect(activeTimers()).toBeLessThanOrEqual(timers);
    },
  );

  test('once and answers at the second attempt is waited for', async () => {
    const world = new World();
    world.beforeStatus = (nth) => (nth === 1 ? hang() : undefined);
    await expect(world.authorizer().authorize(world.issue())).resolves.toMatchObject(allowed);
  });

  test('in every part at once takes no longer', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { keys: 0 } });
    const issued = world.issue();
    await authorizer.authorize(issued);
    world.beforeStatus = hang;
    world.beforeRing = hang;
    const begun = performance.now();
    await expect(authorizer.authorize(issued)).rejects.toBeInstanceOf(AuthorizerFault);
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  test('is asked again by the next request: faults are not kept', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 60 } });
    const issued = world.issue();
    world.beforeStatus = () => Promise.reject(new AccessDeniedError('ACCESS_DENIED', 'no'));
    await expect(authorizer.authorize(issued)).rejects.toBeInstanceOf(AuthorizerFault);
    world.beforeStatus = () => undefined;
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(allowed);
  });

  test('makes no difference to a forged token: it is denied as ever', async () => {
    const world = new World();
    const authorizer = world.authorizer();
    await authorizer.authorize(world.issue());
    world.beforeRing = hang;
    world.beforeStatus = hang;
    world.clock.advance(3600);
    const forged = world.issue({ key: { ...testKey('ES256', 1), kid: world.key.kid } });
    await expect(authorizer.authorize(forged)).resolves.toMatchObject({ reason: 'bad_signature' });
    await expect(authorizer.authorize({ token: 'garbage' })).resolves.toMatchObject({ reason: 'malformed' });
  });
});

/** What a token's own status looks like, as plain members to be spoilt. */
function goodStatus(world: World, jti: string): { record: object; client: object } {
  return { record: { ...world.records.get(jti) }, client: { ...world.clients.get('partner') } };
}

describe('a registry that answers nonsense', () => {
  test.each<[string, unknown]>([
    ['null', null],
    ['a text', 'allowed'],
    ['a number', 1],
    ['a list', []],
    ['true', true],
    ['nothing in it', {}],
    ['a function', () => ({ allowed: true })],
  ])('(%s) is a fault', async (_, answer) => {
    const world = new World();
    const { token } = world.issue();
    world.beforeStatus = () => answer;
    await expect(world.authorizer().authorize({ token })).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
  });

  test.each(['record', 'client'] as const)('that leaves out the %s is a fault, not an absence', async (half) => {
    const world = new World();
    const { token, jti } = world.issue();
    const { [half]: _, ...rest } = goodStatus(world, jti);
    world.beforeStatus = () => rest;
    await expect(world.authorizer().authorize({ token })).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
  });

  const spoilt: [part: 'record' | 'client', member: string, value: unknown][] = [
    ['record', 'state', 'ACTIVE'],
    ['record', 'state', undefined],
    ['record', 'jti', '00000000-0000-4000-8000-000000000999'],
    ['record', 'client', undefined],
    ['record', 'epoch', undefined],
    ['record', 'epoch', '1'],
    ['record', 'liveUntil', Number.NaN],
    ['record', 'liveUntil', Number.POSITIVE_INFINITY],
    ['record', 'liveUntil', String(START + 1e6)],
    ['record', 'exp', undefined],
    ['record', 'kid', undefined],
    ['record', 'payloadSha256', undefined],
    ['record', 'scopes', undefined],
    ['record', 'scopes', 'plans:read'],
    ['record', 'scopes', [1]],
    ['client', 'state', true],
    ['client', 'epoch', undefined],
    ['client', 'epoch', Number.NaN],
    ['client', 'id', undefined],
    ['client', 'scopes', 'plans:read'],
    ['client', 'cidrs', '10.0.0.0/8'],
    ['client', 'cidrs', null],
  ];
  test.each(spoilt)('in a %s (%s: %s) is denied and reported', async (part, member, value) => {
    const world = new World();
    const { token, jti } = world.issue();
    const status = goodStatus(world, jti);
    world.beforeStatus = () => ({ ...status, [part]: { ...status[part], [member]: value } });
    const [reason, problem] =
      part === 'record' ? ['unknown_token', 'RECORD_INVALID'] : ['client_unknown', 'CLIENT_INVALID'];
    await expect(world.authorizer().authorize({ token })).resolves.toMatchObject({ allowed: false, reason });
    expect(world.reports).toMatchObject([{ reason, problem }]);
  });

  test('by way of both epochs missing does not let a revoked client in', async () => {
    const world = new World();
    const { token, jti } = world.issue();
    const { record, client } = goodStatus(world, jti);
    world.beforeStatus = () => ({ record: { ...record, epoch: undefined }, client: { ...client, epoch: undefined } });
    await expect(world.authorizer().authorize({ token })).resolves.toMatchObject({ allowed: false });
  });

  test('is what an adapter calls a damaged entry: denied and reported', async () => {
    const world = new World();
    world.beforeStatus = () => Promise.reject(new InvalidStateError('STORE_DAMAGED', 'not what apikey wrote'));
    await expect(world.authorizer().authorize(world.issue())).resolves.toMatchObject({ reason: 'unknown_token' });
    expect(world.reports).toMatchObject([{ problem: 'RECORD_INVALID' }]);
  });

  test.each<[string, unknown]>([
    ['no object', 'ring'],
    ['null', null],
    ['no keys', {}],
    ['keys that are no list', { keys: {} }],
    ['an entry that is no object', { keys: [null] }],
    ['an entry in a state that nobody knows', { keys: [{ kid: 'k', alg: 'ES256', ref: 'r', state: 'live' }] }],
    ['an entry without alg', { keys: [{ kid: 'k', ref: 'r', state: 'active' }] }],
    ['a kid twice', { keys: [1, 2].map(() => ({ kid: 'k', alg: 'ES256', ref: 'r', state: 'active' })) }],
  ])('as its ring (%s) is a fault', async (_, ring) => {
    const world = new World();
    world.beforeRing = () => ring;
    await expect(world.authorizer().authorize(world.issue())).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
  });

  test('or has no ring is a fault, until there is one', async () => {
    const world = new World();
    const authorizer = world.authorizer();
    const issued = world.issue();
    const keys = world.ringKeys;
    world.ringKeys = undefined;
    await expect(authorizer.authorize(issued)).rejects.toMatchObject({ code: 'RING_MISSING' });
    world.ringKeys = keys;
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(allowed);
  });
});

describe('a key source', () => {
  test('out of reach is a fault for tokens of keys that were never fetched, and no matter for others', async () => {
    const world = new World();
    const [first, second] = [world.key, testKey('ES256', 1)];
    world.addKey(second);
    const authorizer = world.authorizer({ maxStaleness: { keys: 0 } });
    const known = world.issue({ key: first });
    await authorizer.authorize(known);
    world.beforeKey = () => Promise.reject(new UnavailableError('gone'));
    world.clock.advance(86_400);
    await expect(authorizer.authorize(world.issue({ key: first }))).resolves.toMatchObject(allowed);
    await expect(authorizer.authorize(world.issue({ key: second }))).rejects.toMatchObject({
      code: 'KEYS_UNAVAILABLE',
    });
    world.beforeKey = () => undefined;
    await expect(authorizer.authorize(world.issue({ key: second }))).resolves.toMatchObject(allowed);
  });

  test.each<[string, unknown]>([
    ['another key', testKey('ES256', 1).publicKey],
    ['a key of another type', testKey('EdDSA').publicKey],
    ['a private key', testKey().privateKey],
    ['a secret', createSecretKey(createHmac('sha256', 'x').digest())],
    ['a text', testKey().publicKey.export({ type: 'spki', format: 'pem' })],
    ['null', null],
  ])('that answers %s is a fault: the thumbprint must be the kid', async (_, key) => {
    const world = new World();
    world.beforeKey = () => key;
    await expect(world.authorizer().authorize(world.issue())).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
  });

  test('that gives a ring writer his own key does not let his tokens in', async () => {
    const world = new World();
    const mine = testKey('ES256', 1);
    world.publicKeys.set(`test:${world.key.kid}`, mine.publicKey);
    const token = world.issue({ key: { ...mine, kid: world.key.kid } });
    await expect(world.authorizer().authorize(token)).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
  });

  test.each([
    ['revoked', 'key_revoked'],
    ['retired', 'key_retired'],
  ] as const)('that lost a %s key leaves its tokens denied', async (state, reason) => {
    const world = new World();
    world.setKeyState(world.key, state);
    world.publicKeys.clear();
    await expect(world.authorizer().authorize(world.issue())).resolves.toMatchObject({ reason });
  });
});

describe('staleIfError', () => {
  test('lets a token that was live go on for so long after its status grew too old, and no longer', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 10, keys: 3600 }, staleIfError: 30 });
    const issued = world.issue();
    await authorizer.authorize(issued);
    world.beforeStatus = () => Promise.reject(new AccessDeniedError('ACCESS_DENIED', 'no'));
    world.clock.advance(40);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(allowed);
    expect(world.reports.at(-1)).toMatchObject({ cache: { status: 'stale' } });
    world.clock.advance(0.001);
    await expect(authorizer.authorize(issued)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  });

  test('applies with tokens: 0 too, and is off by default', async () => {
    const world = new World();
    const [on, off] = [world.authorizer({ staleIfError: 5 }), world.authorizer()];
    const issued = world.issue();
    await Promise.all([on.authorize(issued), off.authorize(issued)]);
    world.beforeStatus = () => Promise.reject(new UnavailableError('gone'));
    await expect(on.authorize(issued)).resolves.toMatchObject(allowed);
    await expect(off.authorize(issued)).rejects.toBeInstanceOf(AuthorizerFault);
  });

  test('helps no token that was not seen live', async () => {
    const world = new World();
    const authorizer = world.authorizer({ staleIfError: 60 });
    const suspended = world.issue();
    world.addClient('partner', { state: 'suspended' });
    await authorizer.authorize(suspended);
    world.beforeStatus = () => Promise.reject(new UnavailableError('gone'));
    await expect(authorizer.authorize(suspended)).rejects.toBeInstanceOf(AuthorizerFault);
    await expect(authorizer.authorize(world.issue())).rejects.toBeInstanceOf(AuthorizerFault);
  });

  test.each([
    ['was revoked', (world: World, jti: string) => world.revoke(jti)],
    ['lost its record', (world: World, jti: string) => world.records.delete(jti)],
    ['had its client suspended', (world: World) => world.addClient('partner', { state: 'suspended' })],
  ])('helps no token that was live once, but then %s', async (_, change) => {
    const world = new World();
    const authorizer = world.authorizer({ staleIfError: 60 });
    const issued = world.issue();
    await authorizer.authorize(issued);
    change(world, issued.jti);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject({ allowed: false });
    world.beforeStatus = () => Promise.reject(new UnavailableError('gone'));
    const decision = await authorizer.authorize(issued).catch(() => 'fault');
    expect(decision === 'fault' || decision).not.toMatchObject(allowed);
  });

  test('is no patience with a registry that answers nonsense', async () => {
    const world = new World();
    const authorizer = world.authorizer({ staleIfError: 60 });
    const issued = world.issue();
    await authorizer.authorize(issued);
    world.beforeStatus = () => ({ record: undefined });
    await expect(authorizer.authorize(issued)).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
  });

  test('does not lengthen a life: exp, the key and the ring are looked at as ever', async () => {
    const world = new World();
    const authorizer = world.authorizer({ staleIfError: 60 });
    const issued = world.issue({ claims: { exp: START + 20 } });
    await authorizer.authorize(issued);
    world.beforeStatus = () => Promise.reject(new UnavailableError('gone'));
    world.clock.advance(20);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject({ reason: 'expired' });
  });

  test('covers the ring like the status, each by its own age', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 30, keys: 10 }, staleIfError: 20 });
    const issued = world.issue();
    await authorizer.authorize(issued);
    world.beforeStatus = () => Promise.reject(new UnavailableError('gone'));
    world.beforeRing = () => Promise.reject(new UnavailableError('gone'));
    for (let second = 1; second <= 30; second += 1) {
      world.clock.advance(1);
      // oxlint-disable-next-line no-await-in-loop -- failing reads do not lengthen the use of the last good one
      await expect(authorizer.authorize(issued)).resolves.toMatchObject(allowed);
    }
    expect(world.reports.at(-1)).toMatchObject({ cache: { status: 'hit', ring: 'stale' } });
    world.clock.advance(0.001);
    await expect(authorizer.authorize(issued)).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  });

  test.each(['wall', 'monotonic'] as const)('goes by the older of both ages: %s', async (which) => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { keys: 0 }, staleIfError: 60 });
    const issued = world.issue({ claims: { iat: START - 86_400 } });
    await authorizer.authorize(issued);
    world.beforeStatus = () => Promise.reject(new UnavailableError('gone'));
    world.beforeRing = () => Promise.reject(new UnavailableError('gone'));
    const move = (seconds: number): void =>
      which === 'wall' ? world.clock.moveWall(seconds) : world.clock.moveMonotonic(seconds);
    move(60);
    await expect(authorizer.authorize(issued)).resolves.toMatchObject(allowed);
    move(0.001);
    await expect(authorizer.authorize(issued)).rejects.toBeInstanceOf(AuthorizerFault);
  });

  test('ends when the wall clock goes back: nobody knows any more how old the last good answers are', async () => {
    const world = new World();
    const authorizer = world.authorizer({ staleIfError: 60 });
    const issued = world.issue({ claims: { iat: START - 86_400 } });
    await authorizer.authorize(issued);
    world.beforeStatus = () => Promise.reject(new UnavailableError('gone'));
    world.clock.moveWall(-0.001);
    await expect(authorizer.authorize(issued)).rejects.toBeInstanceOf(AuthorizerFault);
  });

  test('keeps a key revoked that was seen revoked, and a ring that answers nonsense is a fault', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 60, keys: 0 }, staleIfError: 60 });
    const [seen, other] = [world.issue(), world.issue()];
    await authorizer.authorize(other);
    world.setKeyState(world.key, 'revoked');
    await expect(authorizer.authorize(seen)).resolves.toMatchObject({ reason: 'key_revoked' });
    world.beforeRing = () => Promise.reject(new UnavailableError('gone'));
    await expect(authorizer.authorize(other)).resolves.toMatchObject({ reason: 'key_revoked' });
    world.beforeRing = () => ({ keys: 'none' });
    await expect(authorizer.authorize(other)).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
  });

  test('does not let an older answer of the ring replace a younger one', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 60, keys: 0 }, staleIfError: 60 });
    const [first, second] = [world.issue(), world.issue()];
    await authorizer.authorize(first);
    const slow = gate();
    const before = world.calls.ring;
    world.beforeRing = (nth) => (nth === before + 1 ? slow.opened : undefined);
    const waiting = authorizer.authorize(first);
    await settle();
    world.setKeyState(world.key, 'revoked');
    await expect(authorizer.authorize(second)).resolves.toMatchObject({ reason: 'key_revoked' });
    slow.open();
    await expect(waiting).resolves.toMatchObject({ reason: 'key_revoked' });
    world.beforeRing = () => Promise.reject(new UnavailableError('gone'));
    await expect(authorizer.authorize(first)).resolves.toMatchObject({ reason: 'key_revoked' });
  });
});

test('a bug is a fault as well, not a denial', async () => {
  const world = new World();
  const wall = (): number => {
    if (world.calls.status > 0) throw new Error('bug');
    return START * 1000;
  };
  const authorizer = world.authorizer({ clock: { ...world.clock, wall } });
  await expect(authorizer.authorize(world.issue())).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(world.reports).toMatchObject([{ allowed: false, fault: 'INTERNAL' }]);
});

describe('onDecision', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('no log');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no log'))],
  ])('that %s changes no decision', async (_, onDecision) => {
    const world = new World();
    // oxlint-disable-next-line typescript/no-misused-promises -- to TypeScript, an async listener is a void one
    const authorizer = world.authorizer({ onDecision });
    await expect(authorizer.authorize(world.issue())).resolves.toMatchObject(allowed);
    await expect(authorizer.authorize({ token: 'x' })).resolves.toMatchObject({ reason: 'malformed' });
    world.beforeStatus = () => null;
    await expect(authorizer.authorize(world.issue())).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
  });

  test('tells client, jti and key of a token whose signature held, the latency, and what the caches did', async () => {
    const world = new World();
    const authorizer = world.authorizer({ maxStaleness: { tokens: 60 } });
    const issued = world.issue();
    world.beforeStatus = () => {
      world.clock.advance(0.25);
    };
    await authorizer.authorize(issued);
    await authorizer.authorize(issued);
    const told = { allowed: true, client: 'partner', jti: issued.jti, kid: world.key.kid };
    expect(world.reports).toEqual([
      { ...told, latencyMs: 250, cache: { token: 'miss', status: 'miss' } },
      { ...told, latencyMs: 0, cache: { token: 'hit', status: 'hit' } },
    ]);
  });
});
