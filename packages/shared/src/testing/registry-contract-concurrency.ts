/** The registry contract, part 4: many writers lose nothing, and a closed handle stays closed. */
import { describe, expect, it } from 'vitest';
import type { ClientChange } from '../domain/change.ts';
import { verifyChain } from '../domain/events.ts';
import type { TokenRecord } from '../domain/records.ts';
import { sha256Hex } from '../jose/digest.ts';
import { ConflictError } from '../ports/errors.ts';
import type { Registry } from '../ports/registry.ts';
import { collect } from './collect.ts';
import { changeClient, changeRing, testJti, testKid, testRecord, testRequest, testRingKey } from './fixtures.ts';
import type { RegistrySubject } from './registry-contract.ts';

const WRITERS = 4;
const COMMITS = 5;

export function concurrencyContract(subject: RegistrySubject): void {
  describe('concurrency', () => {
    it('loses no commit of several handles that write to one client and try again', async () => {
      const handles = await Promise.all(Array.from({ length: WRITERS }, () => subject.open()));
      const jtis = handles.map((_, writer) => Array.from({ length: COMMITS }, (__, n) => testJti(n, `e0${writer}`)));
      await Promise.all(
        handles.map(async (handle, writer) => {
          for (const jti of jtis[writer] ?? []) await insist(handle, 'race', jti);
        }),
      );
      const { registry } = subject;
      const client = await registry.getClient('race');
      expect(client?.version).toBe(WRITERS * COMMITS);
      const records = await collect(registry.tokensOfClient('race'));
      expect(records.map(({ jti }) => jti)).toEqual(jtis.flat().toSorted());
      const events = await collect(registry.eventsOf({ kind: 'client', id: 'race' }));
      expect(client && verifyChain({ kind: 'client', id: 'race' }, events, client, sha256Hex)).toBeUndefined();
    });

    it('lets exactly one of several changes to the same version win', async () => {
      const { registry } = subject;
      const first = changeClient('race-once');
      await registry.commit(first);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 6 }, (_, n) => {
          const created = [testRecord({ client: 'race-once', jti: testJti(n, 'e1') })];
          return registry.commit(changeClient('race-once', { before: first.client, created }));
        }),
      );
      expectOneWinner(outcomes);
      expect(await collect(registry.tokensOfClient('race-once'))).toHaveLength(1);
    });

    it('lets exactly one of several clients use a request id, and leaves nothing of the others', async () => {
      const { registry } = subject;
      const outcomes = await Promise.allSettled(
        Array.from({ length: 4 }, (_, n) => {
          const client = `race-request-${n}`;
          const created = [testRecord({ client, jti: testJti(n, 'e2') })];
          const request = testRequest({ id: 'race/request', client, jti: testJti(n, 'e2') });
          return registry.commit(changeClient(client, { created, requests: [request] }));
        }),
      );
      const winner = expectOneWinner(outcomes);
      expect((await registry.getRequest('race/request'))?.client).toBe(`race-request-${winner}`);
      const clients = await Promise.all(outcomes.map((_, n) => registry.getClient(`race-request-${n}`)));
      expect(clients.filter((client) => client !== undefined)).toHaveLength(1);
    });

    it('decides about each of many changes at once by itself: those that are refused harm no other', async () => {
      const { registry } = subject;
      const stale = changeClient('crowd-stale');
      await registry.commit(stale);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 12 }, (_, n) => {
          if (n % 3 === 0) return registry.commit(changeClient('crowd-stale', { created: [] }));
          const client = `crowd-${n}`;
          return registry.commit(changeClient(client, { created: [testRecord({ client, jti: testJti(n, 'e9') })] }));
        }),
      );
      expect(outcomes.map(({ status }) => status)).toEqual(
        outcomes.map((_, n) => (n % 3 === 0 ? 'rejected' : 'fulfilled')),
      );
      expect(await registry.getClient('crowd-stale')).toEqual(stale.client);
      for (const n of [1, 2, 4, 5, 7, 8, 10, 11]) {
        expect(await collect(registry.tokensOfClient(`crowd-${n}`))).toHaveLength(1);
      }
    });

    it('lets exactly one of several handles make a ring', async () => {
      const handles = await Promise.all(Array.from({ length: 3 }, () => subject.open()));
      const outcomes = await Promise.allSettled(
        handles.map((handle, n) => handle.commit(changeRing([testRingKey({ kid: testKid(n) })], { name: 'race' }))),
      );
      const winner = expectOneWinner(outcomes);
      expect((await subject.registry.getRing('race'))?.keys[0]?.kid).toBe(testKid(winner));
    });

    it('never shows a reader an older state than it has seen, nor one older than a commit that resolved', async () => {
      const { registry } = subject;
      const reader = await subject.open();
      const jti = testJti(1, 'e3');
      let { client } = await commit(registry, changeClient('race-read', { created: [raceRecord(jti, 1)] }));
      let resolved = 1;
      const writing = (async () => {
        for (let epoch = 2; epoch <= 8; epoch += 1) {
          const parts = { before: client, client: { epoch }, updated: [raceRecord(jti, epoch)] };
          ({ client } = await commit(registry, changeClient('race-read', parts)));
          resolved = epoch;
        }
      })();
      // Each for itself: a batch of reads need not be one snapshot.
      const seen = { record: 0, client: 0 };
      for (let n = 0; n < 8; n += 1) {
        const floor = resolved;
        const { record, client: owner } = await reader.readStatus(jti, 'race-read');
        expect(record?.epoch).toBeGreaterThanOrEqual(Math.max(floor, seen.record));
        expect(owner?.epoch).toBeGreaterThanOrEqual(Math.max(floor, seen.client));
        Object.assign(seen, { record: record?.epoch, client: owner?.epoch });
      }
      await writing;
      expect((await reader.readStatus(jti, 'race-read')).record?.epoch).toBe(8);
    });

    it('may be closed twice, and closes no other handle', async () => {
      const handle = await subject.open();
      await handle.getClient('race');
      await handle.close();
      await handle.close();
      expect(await subject.registry.getClient('race')).toBeDefined();
    });
  });
}

function raceRecord(jti: string, epoch: number): TokenRecord {
  return testRecord({ client: 'race-read', jti, epoch });
}

async function commit(registry: Registry, change: ClientChange): Promise<ClientChange> {
  await registry.commit(change);
  return change;
}

/** Optimistic locking as the operations do it, without their pauses. */
async function insist(registry: Registry, id: string, jti: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const before = await registry.getClient(id);
    try {
      await registry.commit(changeClient(id, { before, created: [testRecord({ client: id, jti })] }));
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // A pause that differs from attempt to attempt lets the writers pass each other.
      await new Promise((resolve) => {
        setTimeout(resolve, attempt % 7);
      });
    }
  }
  throw new Error('lost 200 races');
}

/** The index of the only fulfilled outcome; all others are conflicts. */
function expectOneWinner(outcomes: readonly PromiseSettledResult<unknown>[]): number {
  const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(lost).toHaveLength(outcomes.length - 1);
  for (const { reason } of lost) expect(reason).toBeInstanceOf(ConflictError);
  return outcomes.findIndex((outcome) => outcome.status === 'fulfilled');
}
