import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashEvent } from '../domain/events.ts';
import type { AuditEvent, Client, TokenRecord } from '../domain/records.ts';
import { encodeBase64url } from '../jose/base64url.ts';
import { GRANT_TYPE } from '../jose/compact.ts';
import { sha256Hex } from '../jose/digest.ts';
import type { GrantReader } from './granted.ts';
import { issueToken } from './issue.ts';
import { identifyIssue } from './proposal.ts';
import type { RequestIdentity } from './requests.ts';
import { requireGranted, type ResumeDeps } from './resume.ts';
import type { IssueRequest } from './types.ts';
import { newWorld, partner, recordsOf, type World } from './world.fixture.ts';

const DAY = 86_400;
const REQUEST: IssueRequest = { ...partner, scopes: ['a', 'b'], ttl: 30 * DAY, requestId: 'CHG-1' };

interface Interrupted {
  readonly world: World;
  readonly client: Client;
  readonly record: TokenRecord;
  readonly identity: RequestIdentity;
  /** With what is asked for in place of what is known. */
  readonly require: (part?: Partial<Asked>) => Promise<void>;
}

interface Asked {
  readonly client: Client;
  readonly record: TokenRecord;
  readonly identity: RequestIdentity | undefined;
  readonly deps: Partial<ResumeDeps>;
}

/** A request that was stopped before its token was handed over. */
async function interrupted(): Promise<Interrupted> {
  const world = await newWorld();
  const failing = { check: async () => {}, deliver: () => Promise.reject(new Error('cut')) };
  await issueToken(world.deps, REQUEST, failing).catch(() => {});
  const [record = expect.fail()] = await recordsOf(world);
  const client = (await world.registry.getClient('partner')) ?? expect.fail();
  const ring = (await world.registry.readKeyRing()) ?? expect.fail();
  const identity = identifyIssue(REQUEST) ?? expect.fail();
  const own = { client, record, identity, deps: {} };
  return {
    ...own,
    world,
    require: (part = {}) => {
      const asked = { ...own, ...part };
      const { client: owner, record: pending } = asked;
      return requireGranted({ ...world.deps, ...asked.deps }, { client: owner, record: pending }, asked.identity, ring);
    },
  };
}

const refusal = (why: RegExp): unknown =>
  expect.objectContaining({ code: 'GRANT_NOT_VERIFIED', kind: 'conflict', why: expect.stringMatching(why) });

const OTHER_REQUEST = /^its grant was given for another request/;
const OTHER_RECORD = /^the record is not what its grant made/;
const OTHER_TIME = /^its time of issue/;

describe('a pending record of a request that is run again', () => {
  it('is signed again as it is, for the request that made it', async () => {
    const { require } = await interrupted();
    await expect(require()).resolves.toBeUndefined();
  });

  it('is signed for no other request, whoever says that it is', async () => {
    const { require, identity } = await interrupted();
    await expect(require({ identity: undefined })).rejects.toEqual(refusal(OTHER_REQUEST));
    const others: readonly RequestIdentity[] = [
      { ...identity, id: 'CHG-2' },
      { ...identity, parameterHash: 'e'.repeat(64) },
      identifyIssue({ ...REQUEST, scopes: ['a'] }) ?? expect.fail(),
      identifyIssue({ ...REQUEST, client: 'another' }) ?? expect.fail(),
    ];
    for (const other of others) await expect(require({ identity: other })).rejects.toEqual(refusal(OTHER_REQUEST));
  });

  it('is refused for every member that is not what the grant made, without a word of what it is now', async () => {
    const { require, record } = await interrupted();
    const lies: readonly Partial<TokenRecord>[] = [
      { scopes: ['a', 'b', 'evil'] },
      { scopes: ['b', 'a'] },
      { aud: ['https://evil.example'] },
      { exp: record.exp + 1 },
      { iat: record.iat - 1 },
      { liveUntil: record.liveUntil - 1 },
      { iss: 'https://evil.example' },
      { nbf: record.iat },
      { epoch: 7 },
      { kid: 'k'.repeat(43) },
      { payloadSha256: 'e'.repeat(64) },
      { note: 'evil' },
      { issuedBy: 'evil@host' },
      { requestId: 'CHG-2' },
      { replaces: '00000000-0000-4000-8000-000000000000', grace: 0 },
      { replacedBy: '00000000-0000-4000-8000-000000000000' },
      { kmsRequestId: 'evil' },
    ];
    for (const lie of lies) {
      const error: unknown = await require({ record: { ...record, ...lie } }).catch((thrown: unknown) => thrown);
      expect(error).toEqual(refusal(OTHER_RECORD));
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('evil');
    }
  });

  it('is held to the caps and the scopes of today', async () => {
    const { require, client, world } = await interrupted();
    const environment = { ...world.deps.environment, maxTtl: 30 * DAY - 1 };
    await expect(require({ deps: { environment } })).rejects.toMatchObject({ code: 'OVER_CAP' });
    await expect(require({ client: { ...client, maxTtl: DAY } })).rejects.toMatchObject({ code: 'OVER_CAP' });
    await expect(require({ client: { ...client, scopes: ['a'] } })).rejects.toMatchObject({
      code: 'SCOPE_NOT_ALLOWED',
    });
    await expect(
      require({ client: { ...client, scopes: ['a', 'b', 'c'], maxTtl: 31 * DAY } }),
    ).resolves.toBeUndefined();
  });

  it('was issued when it was prepared, and not later than now', async () => {
    const { require, world, record, client, identity } = await interrupted();
    await expect(require({ deps: { clock: { now: () => record.iat * 1_000 - 1 } } })).rejects.toEqual(
      refusal(OTHER_TIME),
    );
    // No command makes such an event: the active key signs it here all the same.
    const ring = (await world.registry.readKeyRing()) ?? expect.fail();
    for (const [seconds, isFine] of [
      [-61, false],
      [-59, true],
      [59, true],
      [61, false],
    ] as const) {
      const { reader, made } = await signedAnew(world, record, seconds);
      const registry = { ...reader, getRing: world.registry.getRing.bind(world.registry) };
      const late = { ...world.deps, registry, clock: { now: () => world.clock.now() + DAY * 1_000 } };
      const verdict = await requireGranted(late, { client, record: made }, identity, ring).catch(
        (error: unknown) => error,
      );
      expect(verdict).toEqual(isFine ? undefined : refusal(OTHER_TIME));
    }
  });
});

/** The record and its event with another time of issue, and a grant that says so. */
async function signedAnew(
  world: World,
  record: TokenRecord,
  later: number,
): Promise<{ readonly reader: GrantReader['registry']; readonly made: TokenRecord }> {
  const events = await Array.fromAsync(world.registry.eventsOf({ kind: 'client', id: 'partner' }));
  const made = { ...record, iat: record.iat + later };
  const event = events.find(({ subject }) => subject === record.jti) ?? expect.fail();
  const edited = { ...event, detail: { ...event.detail, after: { ...event.detail.after, iat: made.iat } } };
  const hash = hashEvent(edited, sha256Hex);
  const { name: env, issuer: iss } = world.deps.environment;
  const { seq, prev, aggregate } = edited;
  const key = (await world.registry.readKeyRing())?.keys[0] ?? expect.fail();
  const parts = [
    { alg: 'ES256', typ: GRANT_TYPE, kid: key.kid },
    { iss, env, aggregate, fromSeq: seq, seq, prev, hash },
  ];
  const input = parts.map((part) => encodeBase64url(Buffer.from(JSON.stringify(part)))).join('.');
  const { signature } = await world.keys.sign(key.ref, 'ES256', Buffer.from(input));
  const signed: AuditEvent = { ...edited, hash, grant: `${input}.${encodeBase64url(signature)}` };
  return {
    made,
    reader: {
      eventsOf: async function* () {
        yield signed;
      },
    },
  };
}

describe('client policy and the command', () => {
  it('together give no more than the command asked, and refuse rather than give less than it named', async () => {
    const word = fc.constantFrom('a', 'b', 'c', 'd');
    const words = fc.uniqueArray(word, { maxLength: 4 });
    const policy = fc.record(
      {
        scopes: words,
        maxTtl: fc.integer({ min: 1, max: 400 * DAY }),
        cidrs: fc.constantFrom(['10.0.0.0/8'], ['0.0.0.0/0']),
        state: fc.constantFrom('active', 'active', 'suspended'),
        epoch: fc.nat(5),
      },
      { requiredKeys: [] },
    );
    const command = fc.record(
      {
        scopes: words,
        audience: fc.uniqueArray(fc.constantFrom('https://x.example', 'https://y.example'), { maxLength: 2 }),
        ttl: fc.integer({ min: 1, max: 400 * DAY }),
        note: fc.constant('n'),
      },
      { requiredKeys: ['scopes', 'audience'] },
    );
    let made = 0;
    await fc.assert(
      fc.asyncProperty(policy, command, async (known, asked) => {
        const world = await newWorld();
        const { deps, registry, sink } = world;
        await issueToken(deps, { client: 'partner', scopes: [], audience: [] }, sink);
        // As it is stored, however it came there.
        const tampered = new Proxy(registry, {
          get: (target, name) => {
            if (name === 'getClient') return async (id: string) => ({ ...(await target.getClient(id)), ...known });
            const value: unknown = Reflect.get(target, name);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
        const request = { client: 'partner', ...asked };
        const result = await issueToken({ ...deps, registry: tampered }, request, sink).catch(
          (error: unknown) => error,
        );
        if (result instanceof Error) {
          expect(result).toMatchObject({
            code: expect.stringMatching(/^(OVER_CAP|SCOPE_NOT_ALLOWED|CLIENT_SUSPENDED)$/),
          });
          return;
        }
        made += 1;
        const [, token = expect.fail()] = sink.deliveries;
        const { record } = token;
        const { audience, defaultTtl, maxTtl } = deps.environment;
        expect(record.scopes).toEqual(asked.scopes);
        expect(record.aud).toEqual(asked.audience.length === 0 ? [audience] : asked.audience);
        const limit = Math.min(asked.ttl ?? defaultTtl, maxTtl, known.maxTtl ?? Infinity);
        expect(record.exp - record.iat).toBe(limit);
        expect(record).toMatchObject({ client: 'partner', iss: deps.environment.issuer });
      }),
      { seed: 20_261_128, numRuns: 300 },
    );
    expect(made).toBeGreaterThan(50);
  });
});
