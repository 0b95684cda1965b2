import { expect, it } from 'vitest';
import { UnavailableError } from '../ports/errors.ts';
import { collect } from './collect.ts';
import { faultAt, faultyKeys, faultyRegistry, type KeyCall, type RegistryCall } from './faults.ts';
import { changeClient, testRecord } from './fixtures.ts';
import { memoryKeys } from './memory-keys.ts';
import { memoryRegistry } from './memory-registry.ts';
import { arraySink } from './sink.ts';

const INPUT = new TextEncoder().encode('header.payload');
const error = new UnavailableError('out of reach');

it('a failed call never reaches the backend, and the next one does', async () => {
  const inner = memoryRegistry();
  const registry = faultyRegistry(inner, faultAt('commit', { kind: 'fail', error }, 1));
  await expect(registry.commit(changeClient('partner'))).rejects.toBe(error);
  expect(await inner.getClient('partner')).toBeUndefined();
  await registry.commit(changeClient('partner'));
  expect(await registry.getClient('partner')).toBeDefined();
});

it('a call whose answer is lost was carried out', async () => {
  const inner = memoryRegistry();
  const registry = faultyRegistry(inner, faultAt('commit', { kind: 'lose' }));
  await expect(registry.commit(changeClient('partner'))).rejects.toMatchObject({ outcome: 'unknown' });
  expect(await inner.getClient('partner')).toBeDefined();
});

it('a delayed call is carried out late, a hanging one never', async () => {
  const inner = memoryRegistry();
  const gate = Promise.withResolvers<undefined>();
  const registry = faultyRegistry(inner, ({ nth }) =>
    nth === 1 ? { kind: 'delay', until: gate.promise } : { kind: 'hang' },
  );
  const late = registry.commit(changeClient('late'));
  const never = registry.commit(changeClient('never')).then(() => 'answered');
  expect(await inner.getClient('late')).toBeUndefined();
  gate.resolve(undefined);
  await late;
  expect(await inner.getClient('late')).toBeDefined();
  expect(await Promise.race([never, Promise.resolve('silent')])).toBe('silent');
  expect(await inner.getClient('never')).toBeUndefined();
});

it('a plan sees every call, with what is changed, and may interfere first', async () => {
  const inner = memoryRegistry();
  const calls: RegistryCall[] = [];
  const registry = faultyRegistry(inner, async (call) => {
    calls.push(call);
    if (call.method === 'commit' && call.nth === 1) await inner.commit(changeClient('partner'));
  });
  const change = changeClient('partner', { created: [testRecord()] });
  await expect(registry.commit(change)).rejects.toMatchObject({ subject: 'version' });
  await registry.getClient('partner');
  await registry.getClient('partner');
  await collect(registry.clients());
  expect(calls).toEqual([
    { method: 'commit', nth: 1, change },
    { method: 'getClient', nth: 1 },
    { method: 'getClient', nth: 2 },
    { method: 'clients', nth: 1 },
  ]);
});

it('a listing fails when its first item is asked for', async () => {
  const registry = faultyRegistry(memoryRegistry(), faultAt('clients', { kind: 'fail', error }));
  const listing = registry.clients();
  await expect(collect(listing)).rejects.toBe(error);
});

it('keys fail in the same ways', async () => {
  const inner = memoryKeys();
  const calls: KeyCall[] = [];
  const keys = faultyKeys(inner, (call) => {
    calls.push(call);
    return call.method === 'sign' ? { kind: 'fail', error } : undefined;
  });
  const { ref } = await keys.create('ES256');
  await expect(keys.sign(ref, 'ES256', INPUT)).rejects.toBe(error);
  expect((await keys.publicKey(ref)).type).toBe('public');
  await keys.disable(ref);
  await keys.scheduleDeletion(ref);
  await expect(inner.sign(ref, 'ES256', INPUT)).rejects.toMatchObject({ code: 'WRONG_STATE' });
  expect(calls).toEqual([
    { method: 'create', nth: 1, alg: 'ES256' },
    { method: 'sign', nth: 1, ref, alg: 'ES256', input: INPUT },
    { method: 'publicKey', nth: 1, ref },
    { method: 'disable', nth: 1, ref },
    { method: 'scheduleDeletion', nth: 1, ref },
  ]);
});

it('a sink keeps what was delivered, and nothing that failed', async () => {
  const sink = arraySink();
  const record = testRecord();
  sink.failCheck(error);
  await expect(sink.check()).rejects.toBe(error);
  sink.failCheck();
  await sink.check();
  sink.failDelivery(error);
  await expect(sink.deliver('one', record)).rejects.toBe(error);
  sink.failDelivery();
  await sink.deliver('two', record);
  expect(sink).toMatchObject({ tokens: ['two'], deliveries: [{ token: 'two', record }], checks: 2 });
});
