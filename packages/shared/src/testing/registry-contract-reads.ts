/** The registry contract, part 1: what was written is what is read, and absent is absent. */
import { describe, expect, it } from 'vitest';
import { MAIN_RING } from '../domain/records.ts';
import { collect } from './collect.ts';
import {
  changeClient,
  changeRing,
  fullRecord,
  TEST_MILLIS,
  TEST_SECONDS,
  testJti,
  testKid,
  testRecord,
  testRequest,
  testRingKey,
} from './fixtures.ts';
import type { RegistrySubject } from './registry-contract.ts';

export function readContract(subject: RegistrySubject): void {
  describe('reads', () => {
    it('finds nothing in an empty registry', async () => {
      const { registry } = subject;
      expect(await registry.readKeyRing()).toBeUndefined();
      expect(await registry.getRing(MAIN_RING)).toBeUndefined();
      expect(await registry.getClient('nobody')).toBeUndefined();
      expect(await registry.getToken('nobody', testJti(1))).toBeUndefined();
      expect(await registry.findToken(testJti(1))).toBeUndefined();
      expect(await registry.getRequest('nothing')).toBeUndefined();
      expect(await registry.readStatus(testJti(1), 'nobody')).toEqual({ record: undefined, client: undefined });
      expect(await collect(registry.clients())).toEqual([]);
      expect(await collect(registry.tokensOfClient('nobody'))).toEqual([]);
      expect(await collect(registry.tokensByEnd(TEST_SECONDS, TEST_SECONDS + 40 * 86_400))).toEqual([]);
      expect(await collect(registry.eventsOf({ kind: 'client', id: 'nobody' }))).toEqual([]);
      expect(await collect(registry.eventsByTime(TEST_MILLIS, TEST_MILLIS + 2 * 86_400_000))).toEqual([]);
    });

    it('returns every member of a client, a record and a request as it was written', async () => {
      const { registry } = subject;
      const record = fullRecord({ client: 'reads-full', jti: testJti(1, 'b0'), requestId: 'reads/full' });
      const request = testRequest({ id: 'reads/full', client: 'reads-full', jti: record.jti });
      const change = changeClient('reads-full', {
        client: {
          state: 'suspended',
          epoch: 7,
          scopes: ['plans:read', 'plans:write'],
          cidrs: ['10.0.0.0/8', '2001:db8::/32'],
          contact: 'ops@example.test',
          owner: 'Équipe Ñandú 東京 👩‍⚕️',
          purpose: 'a "quoted" \\ back/slash',
          maxTtl: 86_400,
        },
        created: [record],
        requests: [request],
      });
      await registry.commit(change);
      expect(await registry.getClient('reads-full')).toEqual(change.client);
      expect(await registry.getToken('reads-full', record.jti)).toEqual(record);
      expect(await registry.findToken(record.jti)).toEqual(record);
      expect(await registry.getRequest('reads/full')).toEqual(request);
      expect(await registry.readStatus(record.jti, 'reads-full')).toEqual({ record, client: change.client });
      expect(await collect(registry.eventsOf({ kind: 'client', id: 'reads-full' }))).toEqual(change.events);
    });

    it('finds many clients and requests at once: those that exist, each as it is read alone, however often it is named', async () => {
      const { registry } = subject;
      const ids = Array.from({ length: 130 }, (_, n) => `reads-many-${n}`);
      for (const [n, id] of ids.entries()) {
        if (n % 2 === 0) continue;
        const record = testRecord({ client: id, jti: testJti(n, 'b9'), requestId: `many/${n}` });
        const request = testRequest({ id: `many/${n}`, client: id, jti: record.jti });
        await registry.commit(changeClient(id, { created: [record], requests: [request] }));
      }
      const asked = [...ids, ids[1] ?? '', 'no client id!', ''];
      const clients = await registry.getClients(asked);
      expect([...clients.keys()].toSorted()).toEqual(ids.filter((_, n) => n % 2 === 1).toSorted());
      expect(clients.get('reads-many-129')).toEqual(await registry.getClient('reads-many-129'));
      const requests = await registry.getRequests([...ids.map((_, n) => `many/${n}`), 'many/1', 'x'.repeat(2_000)]);
      expect(requests.size).toBe(65);
      expect(requests.get('many/3')).toEqual(await registry.getRequest('many/3'));
      expect(await registry.getClients([])).toEqual(new Map());
      expect(await registry.getRequests([])).toEqual(new Map());
    });

    it('adds no member that was not written, and keeps empty lists apart from absent ones', async () => {
      const { registry } = subject;
      const record = testRecord({ client: 'reads-bare', jti: testJti(1, 'b1'), scopes: [], nbf: 0 });
      const change = changeClient('reads-bare', { client: { scopes: [] }, created: [record] });
      await registry.commit(change);
      const { record: read, client } = await registry.readStatus(record.jti, 'reads-bare');
      expect(Object.keys(read ?? {}).toSorted()).toEqual(Object.keys(record).toSorted());
      expect(Object.keys(client ?? {}).toSorted()).toEqual(Object.keys(change.client).toSorted());
      expect(read).toStrictEqual(record);
      expect(client).toStrictEqual(change.client);
    });

    it('pairs a status only with the client that owns the token', async () => {
      const { registry } = subject;
      const record = testRecord({ client: 'reads-owner', jti: testJti(1, 'b2') });
      const owner = changeClient('reads-owner', { created: [record] });
      const other = changeClient('reads-other');
      await registry.commit(owner);
      await registry.commit(other);
      expect(await registry.readStatus(record.jti, 'reads-other')).toEqual({ record: undefined, client: other.client });
      expect(await registry.readStatus(record.jti, 'reads-nobody')).toEqual({ record: undefined, client: undefined });
      expect(await registry.getToken('reads-other', record.jti)).toBeUndefined();
      const absent = await registry.readStatus(testJti(2, 'b2'), 'reads-owner');
      expect(absent).toEqual({ record: undefined, client: owner.client });
    });

    it('keeps rings apart by name, and signs with the main one', async () => {
      const { registry } = subject;
      const keys = [
        testRingKey({
          kid: testKid('old'),
          state: 'revoked',
          retiringAt: 1_800_000_001,
          retiredAt: 1_800_000_002,
          revokedAt: 1_800_000_003,
        }),
        testRingKey({ kid: testKid('new') }),
      ];
      const main = changeRing(keys);
      const seal = changeRing([testRingKey({ kid: testKid('seal') })], { name: 'seal' });
      await registry.commit(main);
      await registry.commit(seal);
      expect(await registry.readKeyRing()).toStrictEqual(main.ring);
      expect(await registry.getRing(MAIN_RING)).toStrictEqual(main.ring);
      expect(await registry.getRing('seal')).toStrictEqual(seal.ring);
      expect(await collect(registry.eventsOf({ kind: 'ring', id: 'seal' }))).toEqual(seal.events);
    });

    it('returns nothing through which a caller could change the registry', async () => {
      const { registry } = subject;
      const scopes = ['plans:read'];
      const record = testRecord({ client: 'reads-copy', jti: testJti(1, 'b3'), scopes });
      await registry.commit(changeClient('reads-copy', { created: [record] }));
      scopes.push('plans:write');
      const first = await registry.getToken('reads-copy', record.jti);
      expect(first?.scopes).toEqual(['plans:read']);
      attempt(() => Reflect.set(first ?? {}, 'state', 'revoked'));
      attempt(() => Reflect.set(first?.scopes ?? [], 0, 'admin'));
      const second = await registry.getToken('reads-copy', record.jti);
      expect(second?.state).toBe('active');
      expect(second?.scopes).toEqual(['plans:read']);
    });

    it('refuses to read for a caller that has given up', async () => {
      const { registry } = subject;
      const signal = AbortSignal.abort(new Error('given up'));
      await expect(registry.readStatus(testJti(1), 'nobody', signal)).rejects.toBeInstanceOf(Error);
      await expect(registry.readKeyRing(signal)).rejects.toBeInstanceOf(Error);
    });
  });
}

/** A frozen object may throw instead of ignoring a change. */
function attempt(change: () => unknown): void {
  try {
    change();
  } catch {
    // As good as ignoring it.
  }
}
