/** The registry contract, part 2: a commit holds whole or not at all, and only where its expectations do. */
import { describe, expect, it } from 'vitest';
import { verifyChain } from '../domain/events.ts';
import type { ClientChange } from '../domain/change.ts';
import type { TokenRecord } from '../domain/records.ts';
import { sha256Hex } from '../jose/digest.ts';
import type { ConflictSubject } from '../ports/errors.ts';
import type { Registry } from '../ports/registry.ts';
import { collect } from './collect.ts';
import { changeClient, changeRing, testJti, testKid, testRecord, testRequest, testRingKey } from './fixtures.ts';
import type { RegistrySubject } from './registry-contract.ts';

export function commitContract(subject: RegistrySubject): void {
  describe('commits', () => {
    it('registers a client with its first tokens, request and events at once', async () => {
      const { registry } = subject;
      const records = [1, 2, 3].map((n) => testRecord({ client: 'commit-first', jti: testJti(n, 'c0') }));
      const request = testRequest({ id: 'commit/first', client: 'commit-first', jti: testJti(1, 'c0') });
      const change = changeClient('commit-first', { created: records, requests: [request] });
      await registry.commit(change);
      expect(await registry.getClient('commit-first')).toMatchObject({ version: 1, eventSeq: 4 });
      expect(await collect(registry.tokensOfClient('commit-first'))).toEqual(records);
      expect(await registry.getRequest('commit/first')).toEqual(request);
      await expectIntact(registry, 'commit-first');
    });

    it('replaces records that exist, and the client with them', async () => {
      const { registry } = subject;
      const record = testRecord({ client: 'commit-update', jti: testJti(1, 'c1'), state: 'pending' });
      const kept = testRecord({ client: 'commit-update', jti: testJti(2, 'c1'), note: 'kept' });
      const first = changeClient('commit-update', { created: [record, kept] });
      await registry.commit(first);
      const changed: TokenRecord = { ...record, state: 'active', liveUntil: record.exp - 60, note: 'changed' };
      const fresh = testRecord({ client: 'commit-update', jti: testJti(3, 'c1'), replaces: record.jti });
      const second = changeClient('commit-update', {
        before: first.client,
        client: { owner: 'team' },
        created: [fresh],
        updated: [changed],
      });
      await registry.commit(second);
      expect(await registry.getClient('commit-update')).toEqual(second.client);
      expect(await collect(registry.tokensOfClient('commit-update'))).toEqual([changed, kept, fresh]);
      await expectIntact(registry, 'commit-update');
    });

    it('drops a member that the new version of a record or client does not have', async () => {
      const { registry } = subject;
      const record = testRecord({ client: 'commit-drop', jti: testJti(1, 'c2'), replacedBy: testJti(9, 'c2') });
      const first = changeClient('commit-drop', { client: { maxTtl: 60 }, created: [record] });
      await registry.commit(first);
      const { replacedBy: _dropped, ...rest } = record;
      const { maxTtl: _limit, ...before } = first.client;
      const second = changeClient('commit-drop', { before, updated: [rest] });
      await registry.commit(second);
      expect(await registry.getToken('commit-drop', record.jti)).toStrictEqual(rest);
      expect(await registry.getClient('commit-drop')).toStrictEqual(second.client);
    });

    it('writes the same whether or not a change says what it was made from', async () => {
      const { registry } = subject;
      const writes = async (id: string, read: boolean): Promise<void> => {
        const [full, bare] = [1, 2].map((n) => testJti(n, id === 'commit-read' ? 'cb' : 'cc'));
        const records = [
          testRecord({ client: id, jti: full ?? '', note: 'dropped', replacedBy: testJti(9, 'cb') }),
          testRecord({ client: id, jti: bare ?? '', state: 'pending' }),
        ];
        const first = changeClient(id, {
          client: { maxTtl: 60, scopes: ['plans:read'], owner: 'team' },
          created: records,
        });
        await registry.commit(first);
        const { maxTtl: _limit, ...client } = first.client;
        const updated = records.map(({ note: _note, ...rest }): TokenRecord => ({
          ...rest,
          state: 'revoked',
          liveUntil: rest.exp - 40 * 86_400,
          revokedAt: rest.iat,
          reason: 'left',
          scopes: [],
        }));
        const { owner: _owner, ...body } = client;
        const second = changeClient(id, {
          before: body,
          client: { scopes: ['plans:read', 'plans:write'], purpose: 'tests' },
          updated,
          ...(read ? { read: records } : {}),
        });
        const change = read ? { ...second, before: { client: first.client, records } } : second;
        await registry.commit(change);
        expect(await collect(registry.tokensOfClient(id))).toStrictEqual(updated);
        expect(await registry.getClient(id)).toStrictEqual(second.client);
        const ends = updated.map(({ liveUntil }) => liveUntil);
        const found = await collect(registry.tokensByEnd(Math.min(...ends), Math.max(...ends) + 1));
        expect(found.filter((record) => record.client === id)).toStrictEqual(updated);
      };
      await writes('commit-whole', false);
      await writes('commit-read', true);
    });

    it('refuses to replace a record that does not exist, whatever the change says that it was', async () => {
      const { registry } = subject;
      const first = changeClient('commit-absent');
      await registry.commit(first);
      const absent = testRecord({ client: 'commit-absent', jti: testJti(1, 'cd') });
      const updated = [{ ...absent, note: 'changed' }];
      await expectRefused(
        registry,
        changeClient('commit-absent', { before: first.client, updated, read: [absent] }),
        'token',
      );
      expect(await registry.findToken(absent.jti)).toBeUndefined();
    });

    it('refuses to register a client that exists', async () => {
      const { registry } = subject;
      const change = changeClient('commit-twice');
      await registry.commit(change);
      await expectRefused(registry, changeClient('commit-twice', { client: { owner: 'usurper' } }), 'version');
      expect(await registry.getClient('commit-twice')).toEqual(change.client);
    });

    it.each([
      ['older', -1],
      ['newer', 1],
    ])('refuses a change for which the version found is not the one expected: %s', async (name, offset) => {
      const { registry } = subject;
      const id = `commit-${name}`;
      const first = changeClient(id, { created: [testRecord({ client: id, jti: testJti(1, `ca${offset + 1}`) })] });
      const second = changeClient(id, { before: first.client });
      await registry.commit(first);
      await registry.commit(second);
      const before = { ...second.client, version: second.client.version + offset };
      await expectRefused(registry, changeClient(id, { before }), 'version');
      expect(await registry.getClient(id)).toEqual(second.client);
      await expectIntact(registry, id);
    });

    it('refuses a version of a client that does not exist', async () => {
      const { registry } = subject;
      const { client } = changeClient('commit-ghost');
      await expectRefused(registry, changeClient('commit-ghost', { before: client }), 'version');
      expect(await registry.getClient('commit-ghost')).toBeUndefined();
    });

    it('refuses a jti that another client uses, and writes nothing of the change', async () => {
      const { registry } = subject;
      const taken = testRecord({ client: 'commit-holder', jti: testJti(1, 'c3') });
      await registry.commit(changeClient('commit-holder', { created: [taken] }));
      const before = changeClient('commit-thief');
      await registry.commit(before);
      const change = changeClient('commit-thief', {
        before: before.client,
        created: [testJti(2, 'c3'), taken.jti].map((jti) => testRecord({ client: 'commit-thief', jti })),
        requests: [testRequest({ id: 'commit/thief', client: 'commit-thief', jti: testJti(2, 'c3') })],
      });
      await expectRefused(registry, change, 'token');
      expect(await registry.getRequest('commit/thief')).toBeUndefined();
      expect(await registry.findToken(testJti(2, 'c3'))).toBeUndefined();
      expect(await registry.findToken(taken.jti)).toEqual(taken);
      expect(await registry.getClient('commit-thief')).toEqual(before.client);
      await expectIntact(registry, 'commit-thief');
    });

    it('refuses a jti that the same client uses', async () => {
      const { registry } = subject;
      const record = testRecord({ client: 'commit-again', jti: testJti(1, 'c4') });
      const first = changeClient('commit-again', { created: [record] });
      await registry.commit(first);
      const change = changeClient('commit-again', { before: first.client, created: [{ ...record, note: 'other' }] });
      await expectRefused(registry, change, 'token');
      expect(await registry.findToken(record.jti)).toEqual(record);
    });

    it('refuses to replace a record that does not exist or that another client owns', async () => {
      const { registry } = subject;
      const foreign = testRecord({ client: 'commit-theirs', jti: testJti(1, 'c5') });
      await registry.commit(changeClient('commit-theirs', { created: [foreign] }));
      const first = changeClient('commit-mine');
      await registry.commit(first);
      const absent = testRecord({ client: 'commit-mine', jti: testJti(2, 'c5') });
      const claimed = { ...foreign, client: 'commit-mine' };
      for (const record of [absent, claimed]) {
        // One after the other: the second must not profit from the first.
        await expectRefused(
          registry,
          changeClient('commit-mine', { before: first.client, updated: [record] }),
          'token',
        );
      }
      expect(await registry.findToken(foreign.jti)).toEqual(foreign);
      expect(await registry.findToken(absent.jti)).toBeUndefined();
    });

    it('refuses a request id that was used, by whichever client, and writes nothing of the change', async () => {
      const { registry } = subject;
      const request = testRequest({ id: 'commit/once', client: 'commit-asked', jti: testJti(1, 'c6') });
      const created = [testRecord({ client: 'commit-asked', jti: testJti(1, 'c6') })];
      await registry.commit(changeClient('commit-asked', { created, requests: [request] }));
      const change = changeClient('commit-asks', {
        created: [testRecord({ client: 'commit-asks', jti: testJti(2, 'c6') })],
        requests: [{ ...request, client: 'commit-asks', jti: testJti(2, 'c6') }],
      });
      await expectRefused(registry, change, 'request');
      expect(await registry.getRequest('commit/once')).toEqual(request);
      expect(await registry.getClient('commit-asks')).toBeUndefined();
      expect(await registry.findToken(testJti(2, 'c6'))).toBeUndefined();
      expect(await collect(registry.eventsOf({ kind: 'client', id: 'commit-asks' }))).toEqual([]);
    });

    it('takes 24 new records with a request each in one commit, and writes none if one request id was used', async () => {
      const { registry } = subject;
      const batch = (client: string, salt: string, firstRequest: number): ClientChange => {
        const created = Array.from({ length: 24 }, (_, n) => testRecord({ client, jti: testJti(n, salt) }));
        const requests = created.map(({ jti }, n) => testRequest({ id: `commit/${firstRequest + n}`, client, jti }));
        return changeClient(client, { created, requests });
      };
      const first = batch('commit-requests', 'c8a', 0);
      await registry.commit(first);
      expect((await registry.getRequests(first.requests.map(({ id }) => id))).size).toBe(24);
      await expectRefused(registry, batch('commit-overlap', 'c8b', 23), 'request');
      expect(await registry.getRequest('commit/24')).toBeUndefined();
      expect(await registry.getClient('commit-overlap')).toBeUndefined();
    });

    it('takes 30 records of one client in one commit, new or changed', async () => {
      const { registry } = subject;
      const records = Array.from({ length: 30 }, (_, n) =>
        testRecord({ client: 'commit-bulk', jti: testJti(n, 'c7') }),
      );
      const first = changeClient('commit-bulk', { created: records });
      await registry.commit(first);
      const updated = records.map(({ jti, client }) => testRecord({ jti, client, note: 'updated' }));
      await registry.commit(changeClient('commit-bulk', { before: first.client, updated }));
      expect(await collect(registry.tokensOfClient('commit-bulk'))).toEqual(updated);
      await expectIntact(registry, 'commit-bulk');
    });

    it('holds a ring to its version, too', async () => {
      const { registry } = subject;
      const name = 'commits';
      const first = changeRing([testRingKey({ kid: testKid(1) })], { name });
      await registry.commit(first);
      await expectRefused(registry, changeRing([testRingKey({ kid: testKid(2) })], { name }), 'version');
      const keys = [testRingKey({ kid: testKid(1), state: 'retiring', retiringAt: 1_800_000_000 }), testRingKey()];
      const second = changeRing(keys, { name, before: first.ring });
      await registry.commit(second);
      await expectRefused(registry, changeRing(keys, { name, before: first.ring }), 'version');
      expect(await registry.getRing(name)).toStrictEqual(second.ring);
      const events = await collect(registry.eventsOf({ kind: 'ring', id: name }));
      expect(verifyChain({ kind: 'ring', id: name }, events, second.ring, sha256Hex)).toBeUndefined();
    });

    it('is seen by another handle as soon as it resolves', async () => {
      const { registry } = subject;
      const other = await subject.open();
      const record = testRecord({ client: 'commit-seen', jti: testJti(1, 'c8') });
      const change = changeClient('commit-seen', { created: [record] });
      expect(await other.readStatus(record.jti, 'commit-seen')).toEqual({ record: undefined, client: undefined });
      await registry.commit(change);
      expect(await other.readStatus(record.jti, 'commit-seen')).toEqual({ record, client: change.client });
    });

    it('refuses a change whose parts contradict each other', async () => {
      const { registry } = subject;
      const sound = changeClient('commit-odd', {
        created: [testRecord({ client: 'commit-odd', jti: testJti(1, 'c9') })],
      });
      const odd: readonly ClientChange[] = [
        { ...sound, expectedVersion: 1 },
        { ...sound, events: sound.events.slice(1) },
        { ...sound, events: [] },
        { ...sound, created: [testRecord({ jti: testJti(2, 'c9') })] },
        { ...sound, updated: sound.created },
        { ...sound, client: { ...sound.client, epoch: -1 } },
      ];
      await Promise.all(odd.map((change) => expect(registry.commit(change)).rejects.toThrow(TypeError)));
      expect(await registry.getClient('commit-odd')).toBeUndefined();
    });
  });
}

async function expectRefused(registry: Registry, change: Parameters<Registry['commit']>[0], subject: ConflictSubject) {
  await expect(registry.commit(change)).rejects.toMatchObject({ name: 'ConflictError', code: 'LOST_RACE', subject });
}

/** The client's events form a chain that ends where the client says. */
async function expectIntact(registry: Registry, id: string): Promise<void> {
  const client = await registry.getClient(id);
  const events = await collect(registry.eventsOf({ kind: 'client', id }));
  expect(client).toBeDefined();
  if (client === undefined) return;
  expect(verifyChain({ kind: 'client', id }, events, client, sha256Hex)).toBeUndefined();
}
