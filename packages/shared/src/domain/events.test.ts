import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendEvents,
  canonicalJson,
  diff,
  GENESIS_HASH,
  hashEvent,
  LAST_SEQ,
  verifyChain,
  type EventDraft,
} from './events.ts';
import type { AuditEvent } from './records.ts';

const seed = 20_261_122;
const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const aggregate = { kind: 'client', id: 'partner' } as const;

const draft = (subject: string, after: Record<string, string | number>): EventDraft => ({
  action: 'token.prepared',
  subject,
  detail: { entity: 'token', before: {}, after },
});

function chain(length: number, step = 1): AuditEvent[] {
  const events: AuditEvent[] = [];
  for (let index = 0; index < length; index += step) {
    const last = events.at(-1);
    const head = last && { eventSeq: last.seq, eventHash: last.hash };
    const drafts = Array.from({ length: Math.min(step, length - index) }, (_, offset) =>
      draft(`token-${index + offset}`, { note: `ünïcode ${index + offset}`, n: index + offset }),
    );
    events.push(
      ...appendEvents(aggregate, head, drafts, { at: 1_800_000_000_123 + index, actor: 'admin@host', sha256 }),
    );
  }
  return events;
}

const headOf = (events: readonly AuditEvent[]): { eventSeq: number; eventHash: string } => ({
  eventSeq: events.at(-1)?.seq ?? 0,
  eventHash: events.at(-1)?.hash ?? GENESIS_HASH,
});

describe('the event chain', () => {
  it('goes on from no head that no chain reaches', () => {
    const after = (eventSeq: number): AuditEvent[] =>
      appendEvents(aggregate, { eventSeq, eventHash: GENESIS_HASH }, [draft('a', {}), draft('b', {})], {
        at: 1_800_000_000_123,
        actor: 'admin@host',
        sha256,
      });
    expect(after(LAST_SEQ - 2).at(-1)?.seq).toBe(LAST_SEQ);
    for (const seq of [LAST_SEQ - 1, LAST_SEQ, Number.MAX_SAFE_INTEGER]) {
      expect(() => after(seq)).toThrow(expect.objectContaining({ code: 'STORE_DAMAGED' }));
    }
  });

  it('numbers events from 1, names the hash before, and does not depend on how they were batched', () => {
    const events = chain(6);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(events[0]?.prev).toBe(GENESIS_HASH);
    expect(events[0]?.at).toBe('2027-01-15T08:00:00.123Z');
    for (const [index, event] of events.slice(1).entries()) expect(event.prev).toBe(events[index]?.hash);
    expect(chain(6, 3).map(({ subject }) => subject)).toEqual(events.map(({ subject }) => subject));
    expect(verifyChain(aggregate, chain(6, 3), headOf(chain(6, 3)), sha256)).toBeUndefined();
  });

  it('hashes the RFC 8785 form of everything but the hash', () => {
    const [event] = chain(1);
    if (event === undefined) throw new Error('no event');
    const { hash, ...rest } = event;
    const sorted = JSON.stringify(
      Object.fromEntries(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      (_key, value: unknown) =>
        typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
          : value,
    );
    expect(sha256(sorted)).toBe(hash);
    expect(hashEvent(event, sha256)).toBe(hash);
  });

  it('verifies when nothing was touched, the empty chain included', () => {
    for (const length of [0, 1, 7]) {
      const events = chain(length);
      expect(verifyChain(aggregate, events, headOf(events), sha256)).toBeUndefined();
    }
  });

  it('breaks on any changed byte of any event', () => {
    const events = chain(4);
    const text = events.map((event) => JSON.stringify(event));
    const flips = fc.record({ line: fc.nat(3), at: fc.nat(), by: fc.integer({ min: 1, max: 94 }) });
    let tried = 0;
    fc.assert(
      fc.property(flips, ({ line, at, by }) => {
        const original = text[line] ?? '';
        const index = at % original.length;
        const changed = String.fromCharCode(((original.charCodeAt(index) - 32 + by) % 95) + 32);
        const tampered = `${original.slice(0, index)}${changed}${original.slice(index + 1)}`;
        let event: AuditEvent;
        try {
          event = JSON.parse(tampered) as AuditEvent;
        } catch {
          return;
        }
        // Another spelling of the same JSON value is not a change.
        if (canonicalJson(event as never) === canonicalJson(JSON.parse(original) as never)) return;
        tried += 1;
        const forged = events.with(line, event);
        expect(verifyChain(aggregate, forged, headOf(events), sha256)).toBeDefined();
      }),
      { seed, numRuns: 2000 },
    );
    expect(tried).toBeGreaterThan(500);
  });

  it('names what is wrong: a gap, a swap, a cut tail, another aggregate, a forged hash', () => {
    const events = chain(5);
    const head = headOf(events);
    const check = (list: readonly AuditEvent[]): unknown => verifyChain(aggregate, list, head, sha256);
    expect(check(events.toSpliced(2, 1))).toEqual({ seq: 4, fault: 'sequence' });
    expect(check([events[1], events[0]].filter((event) => event !== undefined))).toEqual({ seq: 2, fault: 'sequence' });
    expect(check(events.slice(0, 4))).toEqual({ seq: 4, fault: 'head' });
    expect(check([])).toEqual({ seq: 0, fault: 'head' });
    expect(verifyChain({ kind: 'client', id: 'other' }, events, head, sha256)).toEqual({ seq: 1, fault: 'aggregate' });
    const third = events[2];
    if (third === undefined) throw new Error('no event');
    expect(check(events.with(2, { ...third, actor: 'somebody@else' }))).toEqual({ seq: 3, fault: 'hash' });
    const rehashed = { ...third, actor: 'somebody@else' };
    expect(check(events.with(2, { ...rehashed, hash: hashEvent(rehashed, sha256) }))).toEqual({
      seq: 4,
      fault: 'prev',
    });
  });
});

describe('what an event says has changed', () => {
  it('is the members that differ, with null for those that were or are absent', () => {
    const before = { id: 'partner', version: 1, owner: 'a', scopes: ['x'], same: 1 };
    const after = { id: 'partner', version: 2, contact: 'b', scopes: ['x', 'y'], same: 1 };
    expect(diff('client', before, after)).toEqual({
      entity: 'client',
      before: { owner: 'a', scopes: ['x'], contact: null },
      after: { owner: null, scopes: ['x', 'y'], contact: 'b' },
    });
  });

  it('cannot hold what canonical JSON cannot say', () => {
    expect(() => canonicalJson('\uD800')).toThrow(/surrogate/i);
    expect(() => canonicalJson(Number.NaN)).toThrow(/NaN/i);
  });
});
