/** The registry contract, part 3: listings in their stated order, complete over several pages, left early at will. */
import { describe, expect, it } from 'vitest';
import type { TokenRecord } from '../domain/records.ts';
import { sha256Hex } from '../jose/digest.ts';
import type { Registry } from '../ports/registry.ts';
import { collect } from './collect.ts';
import { changeClient, testJti, testRecord, testRequest, TEST_SECONDS } from './fixtures.ts';
import type { RegistrySubject } from './registry-contract.ts';

/** How long a distributed backend's report listings may lag behind. */
const LAG = { timeout: 15_000, interval: 50 };
/** 2031-01-31T23:59:58Z: two seconds before the end of a day and a month, by which backends bucket. */
const MONTH_END = 1_927_670_398;

export function listingContract(subject: RegistrySubject): void {
  describe('listings', () => {
    it('lists the tokens of one client by jti, over several pages', async () => {
      const records = await fill(subject, 'list-tokens', 'd0');
      await fill(subject, 'list-tokens-2', 'd1');
      expect(await collect(subject.registry.tokensOfClient('list-tokens'))).toEqual(records);
    });

    it('lists exactly one page, and nothing for a client without tokens', async () => {
      const { registry, pageSize } = subject;
      const records = await fill(subject, 'list-page', 'd2', pageSize);
      await registry.commit(changeClient('list-none'));
      expect(await collect(registry.tokensOfClient('list-page'))).toEqual(records);
      expect(await collect(registry.tokensOfClient('list-none'))).toEqual([]);
    });

    it('finds tokens of any client by the beginning of their jti, as many as are wanted', async () => {
      const { registry } = subject;
      const jtis = ['00e10000', '00e11000', '00e11fff', '00e12000'].map(
        (start) => `${start}-0000-4000-8000-000000000001`,
      );
      for (const [index, client] of ['list-find-b', 'list-find-a'].entries()) {
        const created = jtis.filter((_, n) => n % 2 === index).map((jti) => testRecord({ client, jti }));
        await registry.commit(changeClient(client, { created }));
      }
      const found = async (prefix: string, limit = 10): Promise<string[]> =>
        (await registry.findTokens(prefix, limit)).map(({ jti }) => jti);
      expect(await found('00e1')).toEqual(jtis);
      expect(await found('00e11')).toEqual(jtis.slice(1, 3));
      expect(await found('00e11', 1)).toHaveLength(1);
      expect(await found(jtis[3] ?? '')).toEqual(jtis.slice(3));
      expect(await found('00e14')).toEqual([]);
      expect((await registry.findTokens('00e10', 10))[0]?.client).toBe('list-find-b');
    });

    it('lists the tokens whose jti has a prefix', async () => {
      const { registry } = subject;
      const jtis = ['00d30000', '00d31000', '00d31fff', '00d32000'].flatMap((start) =>
        [1, 2].map((n) => `${start}-0000-4000-8000-00000000000${n}`),
      );
      const created = jtis.map((jti) => testRecord({ client: 'list-prefix', jti }));
      await registry.commit(changeClient('list-prefix', { created }));
      const found = async (prefix: string): Promise<string[]> => {
        const records = await collect(registry.tokensOfClient('list-prefix', { prefix }));
        return records.map(({ jti }) => jti);
      };
      expect(await found('00d31')).toEqual(jtis.slice(2, 6));
      expect(await found('00d31fff-')).toEqual(jtis.slice(4, 6));
      expect(await found(jtis[4] ?? '')).toEqual([jtis[4]]);
      expect(await found('00d4')).toEqual([]);
      expect(await found('')).toEqual(jtis);
    });

    it('frees a listing that is left early, and begins the next one anew', async () => {
      const { registry, pageSize } = subject;
      const records = await fill(subject, 'list-early', 'd4');
      expect(await collect(registry.tokensOfClient('list-early'), 1)).toEqual(records.slice(0, 1));
      expect(await collect(registry.tokensOfClient('list-early'), pageSize)).toEqual(records.slice(0, pageSize));
      await registry.commit(changeClient('list-after-early'));
      expect(await collect(registry.tokensOfClient('list-early'))).toEqual(records);
    });

    it('lets its reader and others write between two items, and still lists every untouched record once', async () => {
      const { registry } = subject;
      const other = await subject.open();
      const records = await fill(subject, 'list-while', 'd5');
      const seen: string[] = [];
      for await (const { jti } of registry.tokensOfClient('list-while')) {
        if (seen.length === 1) await registry.commit(changeClient('list-meanwhile-1'));
        if (seen.length === 2) await other.commit(changeClient('list-meanwhile-2'));
        seen.push(jti);
      }
      expect(seen).toEqual(records.map(({ jti }) => jti));
    });

    it('lists the requests that name a client by id, over several pages, and all of them', async () => {
      const { registry, pageSize } = subject;
      const ids = Array.from({ length: pageSize + 1 }, (_, n) => `list/${String(n).padStart(2, '0')}#~`);
      const asked = ids.map((id, n) =>
        testRequest({ id, client: 'list-asked', jti: testJti(n, 'de'), parameterHash: sha256Hex(id) }),
      );
      const other = testRequest({ id: 'list/00', client: 'list-asked-2', jti: testJti(99, 'de') });
      for (const [client, requests] of [
        ['list-asked', asked.toReversed()],
        ['list-asked-2', [other]],
        ['list-aske', []],
      ] as const) {
        const created = requests.map(({ id, jti }) => testRecord({ client, jti, requestId: id }));
        await registry.commit(changeClient(client, { created, requests }));
      }
      await expect.poll(() => collect(registry.requests('list-asked')), LAG).toEqual(asked);
      await expect.poll(() => collect(registry.requests('list-asked-2')), LAG).toEqual([other]);
      expect(await collect(registry.requests('list-aske'))).toEqual([]);
      const all = await collect(registry.requests());
      expect(new Set(all.map(({ id }) => id))).toEqual(new Set([...all.map(({ id }) => id), ...ids, other.id]));
    });

    it('lists all clients by id', async () => {
      const { registry, pageSize } = subject;
      const ids = Array.from({ length: pageSize + 1 }, (_, n) => `zlist-${n.toString(36)}`);
      const mixed = [...ids, 'zlist-.', 'zlist-_', 'zlist', 'zlist-0.a'];
      await Promise.all(mixed.map((id) => registry.commit(changeClient(id))));
      const listed = async (): Promise<string[]> => {
        const all = await collect(registry.clients());
        return all.map(({ id }) => id).filter((id) => id.startsWith('zlist'));
      };
      await expect.poll(listed, LAG).toEqual(mixed.toSorted());
    });

    it('lists the tokens of all clients by their end, then jti, across the end of a month, both ways', async () => {
      const { registry } = subject;
      const dated = [
        { client: 'list-exp-a', exp: MONTH_END + 3, jti: testJti(1, 'd60') },
        { client: 'list-exp-b', exp: MONTH_END, jti: testJti(2, 'd61') },
        { client: 'list-exp-a', exp: MONTH_END, jti: testJti(3, 'd60') },
        { client: 'list-exp-b', exp: MONTH_END + 1, jti: testJti(4, 'd61') },
        { client: 'list-exp-a', exp: MONTH_END - 1, jti: testJti(5, 'd60') },
        { client: 'list-exp-b', exp: MONTH_END + 4, jti: testJti(6, 'd61') },
      ].map((members) => testRecord(members));
      await commitTo(registry, 'list-exp-a', dated);
      await commitTo(registry, 'list-exp-b', dated);
      const expected = [dated[2], dated[1], dated[3], dated[0]];
      const listed = (): Promise<TokenRecord[]> => collect(registry.tokensByEnd(MONTH_END, MONTH_END + 4));
      await expect.poll(listed, LAG).toEqual(expected);
      const reversed = registry.tokensByEnd(MONTH_END, MONTH_END + 4, { latestFirst: true });
      expect(await collect(reversed)).toEqual(expected.toReversed());
    });

    it('lists ends over several pages, both ways, and nothing for an empty or reversed interval', async () => {
      const { registry, pageSize } = subject;
      const start = MONTH_END + 1000;
      // Three for each second, and the later they expire, the lower their ids.
      const records = Array.from({ length: pageSize * 2 + 1 }, (_, n) => {
        const second = Math.floor(n / 3);
        return testRecord({ client: 'list-due', jti: testJti(900 - second * 3 + (n % 3), 'd7'), exp: start + second });
      });
      await registry.commit(changeClient('list-due', { created: records }));
      await expect.poll(() => collect(registry.tokensByEnd(start, start + 900)), LAG).toEqual(records);
      const reversed = registry.tokensByEnd(start, start + 900, { latestFirst: true });
      expect(await collect(reversed)).toEqual(records.toReversed());
      expect(await collect(registry.tokensByEnd(start, start))).toEqual([]);
      expect(await collect(registry.tokensByEnd(start + 900, start))).toEqual([]);
    });

    it('moves a record whose life was cut short to where it ends now, a month earlier, and shows its newest state', async () => {
      const { registry } = subject;
      const start = MONTH_END + 2000;
      const end = start - 40 * 86_400;
      const record = testRecord({ client: 'list-moved', jti: testJti(1, 'd8'), exp: start });
      const first = changeClient('list-moved', { created: [record] });
      await registry.commit(first);
      await expect.poll(() => collect(registry.tokensByEnd(start, start + 1)), LAG).toEqual([record]);
      const lowered: TokenRecord = { ...record, liveUntil: end, note: 'lowered' };
      const second = changeClient('list-moved', { before: first.client, updated: [lowered] });
      await registry.commit(second);
      await expect.poll(() => collect(registry.tokensByEnd(end, end + 1)), LAG).toEqual([lowered]);
      expect(await collect(registry.tokensByEnd(start, start + 1))).toEqual([]);
      const revoked: TokenRecord = { ...lowered, state: 'revoked', revokedAt: TEST_SECONDS, revokedBy: 'tester@host' };
      await registry.commit(changeClient('list-moved', { before: second.client, updated: [revoked] }));
      await expect.poll(() => collect(registry.tokensByEnd(end, end + 1)), LAG).toEqual([revoked]);
    });

    it('shows, latest first, a record that was cut short meanwhile, to a month in which nothing else ends', async () => {
      const { registry, pageSize } = subject;
      const start = MONTH_END + 3000;
      const records = Array.from({ length: pageSize * 2 + 1 }, (_, n) =>
        testRecord({ client: 'list-cut', jti: testJti(n, 'dd'), exp: start + n }),
      );
      const [, second = expect.fail('no record')] = records;
      const change = changeClient('list-cut', { created: records });
      await registry.commit(change);
      const [end, until] = [start - 70 * 86_400, start + 900];
      await expect.poll(() => collect(registry.tokensByEnd(start, until)), LAG).toEqual(records);
      const cut: TokenRecord = { ...second, liveUntil: end };
      const seen: string[] = [];
      for await (const { jti } of registry.tokensByEnd(end, until, { latestFirst: true })) {
        if (seen.length === 1) {
          await registry.commit(changeClient('list-cut', { before: change.client, updated: [cut] }));
        }
        seen.push(jti);
      }
      expect(seen).toEqual(expect.arrayContaining(records.map(({ jti }) => jti)));
      await expect.poll(() => collect(registry.tokensByEnd(end, end + 1)), LAG).toEqual([cut]);
    });

    it('lists the events of one aggregate by seq, from any seq on, over several pages', async () => {
      const { registry } = subject;
      await fill(subject, 'list-events', 'd9');
      const aggregate = { kind: 'client', id: 'list-events' } as const;
      const events = await collect(registry.eventsOf(aggregate));
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(events).toHaveLength((await registry.getClient('list-events'))?.eventSeq ?? 0);
      expect(await collect(registry.eventsOf(aggregate, 3))).toEqual(events.slice(2));
      expect(await collect(registry.eventsOf(aggregate, events.length))).toEqual(events.slice(-1));
      expect(await collect(registry.eventsOf(aggregate, events.length + 1))).toEqual([]);
      expect(await collect(registry.eventsOf(aggregate, 2, 4))).toEqual(events.slice(1, 4));
      expect(await collect(registry.eventsOf(aggregate, 3, 2))).toEqual([]);
      // A record may name any place.
      for (const far of [999_999_999_950, Number.MAX_SAFE_INTEGER - 5, Number.MAX_SAFE_INTEGER]) {
        expect(await collect(registry.eventsOf(aggregate, far, far + 99))).toEqual([]);
      }
    });

    it('lists the events of all aggregates by time, then aggregate, then seq, across midnight', async () => {
      const { registry, pageSize } = subject;
      const midnight = (MONTH_END + 2) * 1000;
      const times = [midnight + 1, midnight - 1, midnight, midnight + 2];
      const clients = ['list-time-b', 'list-time-a'];
      const changes = clients.flatMap((id) =>
        times.map((at, n) => {
          const created = Array.from({ length: pageSize }, (_, i) =>
            testRecord({ client: `${id}-${n}`, jti: testJti(n * 100 + i, id.endsWith('a') ? 'da' : 'db') }),
          );
          return changeClient(`${id}-${n}`, { created, context: { at } });
        }),
      );
      await Promise.all(changes.map((change) => registry.commit(change)));
      const inside = changes.flatMap(({ events }) => events).filter(({ at }) => at !== changes[3]?.events[0]?.at);
      const expected = inside.toSorted(
        (a, b) => Date.parse(a.at) - Date.parse(b.at) || order(a.aggregate, b.aggregate) || a.seq - b.seq,
      );
      const listed = (): Promise<unknown[]> => collect(registry.eventsByTime(midnight - 1, midnight + 2));
      await expect.poll(listed, LAG).toEqual(expected);
      expect(await collect(registry.eventsByTime(midnight, midnight))).toEqual([]);
    });
  });
}

/** Gives a client so many tokens (by default two pages and one) in one commit of unsorted records. */
async function fill(
  { registry, pageSize }: RegistrySubject,
  client: string,
  salt: string,
  count: number = pageSize * 2 + 1,
): Promise<TokenRecord[]> {
  const records = Array.from({ length: count }, (_, n) => testRecord({ client, jti: testJti(n, salt) }));
  await registry.commit(changeClient(client, { created: records.toReversed() }));
  return records;
}

async function commitTo(registry: Registry, id: string, records: readonly TokenRecord[]): Promise<void> {
  await registry.commit(changeClient(id, { created: records.filter(({ client }) => client === id) }));
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
