import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changeClient,
  changeRing,
  fullRecord,
  testKid,
  testRecord,
  testRequest,
  testRingKey,
} from '../testing/fixtures.ts';
import { checkChange, parseClient, parseEvent, parseKeyRing, parseRequest, parseTokenRecord } from './schema.ts';

const client = changeClient('partner', {
  client: { scopes: [], cidrs: ['10.0.0.0/8'], contact: 'c', owner: 'o', purpose: 'p', maxTtl: 1 },
}).client;
const ring = changeRing([testRingKey(), testRingKey({ kid: testKid('next'), state: 'pending' })]).ring;
const [event] = changeClient('partner').events;

/** Each kind of entry: its parser, and a sound one with all of its members. */
const KINDS = [
  { kind: 'client', parse: parseClient, sound: client },
  { kind: 'token record', parse: parseTokenRecord, sound: fullRecord() },
  { kind: 'key ring', parse: parseKeyRing, sound: ring },
  { kind: 'request', parse: parseRequest, sound: testRequest() },
  { kind: 'event', parse: parseEvent, sound: event ?? {} },
] as const;

const damaged = expect.objectContaining({ name: 'ApikeyError', code: 'STORE_DAMAGED' });

describe.each(KINDS)('a stored $kind', ({ kind, parse, sound }) => {
  it('is read back as it was written', () => {
    expect(parse(JSON.parse(JSON.stringify(sound)))).toStrictEqual(sound);
  });

  it('is refused when any member has another type, is negative, a fraction or empty', () => {
    for (const name of Object.keys(sound)) {
      for (const value of [null, {}, -1, 1.5, '']) {
        expect(() => parse({ ...sound, [name]: value }), `${name} = ${JSON.stringify(value)}`).toThrow(damaged);
      }
    }
  });

  it('is refused when it has a member that this version does not know', () => {
    expect(() => parse({ ...sound, colour: 'red' })).toThrow(
      expect.objectContaining({ code: 'STORE_DAMAGED', message: expect.stringContaining(kind) }),
    );
  });

  it('is refused when a member is there without a value', () => {
    for (const name of Object.keys(sound)) expect(() => parse({ ...sound, [name]: undefined })).toThrow(damaged);
  });

  it('is never anything but an object', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(() => parse(value)).toThrow(damaged);
      }),
    );
  });

  it('is not quoted by the error that refuses it', () => {
    const secret = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJwIn0.c2ln';
    for (const name of Object.keys(sound)) {
      const thrown = catching(() => parse({ ...sound, [name]: { [secret]: secret } }));
      expect(JSON.stringify([thrown, String(thrown)])).not.toContain(secret);
    }
  });
});

describe('rules between members', () => {
  const record = testRecord();
  it.each([
    ['a token that is live after its expiry', { ...record, liveUntil: record.exp + 1 }],
    ['a token that expires before it was issued', { ...record, exp: record.iat - 1, liveUntil: record.iat - 1 }],
    ['a revoked token without a time', { ...record, state: 'revoked' }],
    ['a live token with a time of revocation', { ...record, revokedAt: record.iat }],
    ['a token that replaces itself', { ...record, replaces: record.jti }],
    ['an upper-case jti', { ...record, jti: record.jti.toUpperCase() }],
    ['a short hash', { ...record, payloadSha256: record.payloadSha256.slice(1) }],
    ['a time after the year 9999', { ...record, exp: 253_402_300_800 }],
  ])('refuse %s', (_, value) => {
    expect(() => parseTokenRecord(value)).toThrow(damaged);
  });

  it.each([
    ['two active keys', { ...ring, keys: [testRingKey(), testRingKey({ kid: testKid('next') })] }],
    ['one kid twice', { ...ring, keys: [testRingKey(), testRingKey({ state: 'pending' })] }],
    ['more versions than events', { ...ring, version: 3, eventSeq: 2 }],
    ['a name with a slash', { ...ring, name: 'a/b' }],
  ])('refuse a ring with %s', (_, value) => {
    expect(() => parseKeyRing(value)).toThrow(damaged);
  });

  it('refuse an event of no aggregate, and keep whatever a detail holds', () => {
    expect(() => parseEvent({ ...event, aggregate: 'partner' })).toThrow(damaged);
    expect(() => parseEvent({ ...event, aggregate: 'client:NO' })).toThrow(damaged);
    const detail = { entity: 'client', before: { deep: [1, { a: null }] }, after: {}, more: true };
    expect(parseEvent({ ...event, detail }).detail).toEqual(detail);
  });

  it.each([undefined, Number.NaN, Infinity, 1n, () => 1])(
    'refuse an event whose detail holds %s, which is no JSON',
    (value) => {
      const sound = { entity: 'client', before: {}, after: {} };
      for (const detail of [
        { ...sound, after: value },
        { ...sound, after: { deep: [{ value }] } },
        { ...sound, more: [value] },
      ]) {
        expect(() => parseEvent({ ...event, detail })).toThrow(damaged);
      }
      for (const after of [null, [], 'text', 1]) {
        expect(() => parseEvent({ ...event, detail: { ...sound, after } })).toThrow(damaged);
      }
    },
  );
});

describe('a change', () => {
  const record = testRecord();
  const sound = changeClient('partner', { created: [record], requests: [testRequest()] });

  it('may be written when all of its parts fit', () => {
    expect(() => checkChange(sound)).not.toThrow();
    const next = changeClient('partner', { before: sound.client, updated: [record] });
    expect(() => checkChange(next)).not.toThrow();
    expect(() => checkChange(changeRing([testRingKey()]))).not.toThrow();
  });

  it.each([
    ['another version than the one behind the expected', { expectedVersion: 4 }],
    ['a head that is not its last event', { client: { ...sound.client, eventHash: '1'.repeat(64) } }],
    ['a gap in its events', { events: [sound.events[0], { ...sound.events[1], seq: 3 }] }],
    ['a broken chain', { events: [sound.events[0], { ...sound.events[1], prev: '1'.repeat(64) }] }],
    [
      'events of another aggregate',
      { events: sound.events.map((it_) => Object.assign({}, it_, { aggregate: 'client:x' })) },
    ],
    ['a record of another client', { created: [testRecord({ client: 'other' })] }],
    ['a request of another client', { requests: [testRequest({ client: 'other' })] }],
    ['one jti twice', { updated: [record] }],
    ['one request id twice', { requests: [testRequest(), testRequest()] }],
    ['an entry that could not be read again', { created: [testRecord({ note: '' })] }],
  ])('is a bug when it has %s', (_, part) => {
    expect(() => checkChange(Object.assign({}, sound, part))).toThrow(TypeError);
  });
});

function catching(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
