import { describe, expect, it } from 'vitest';
import { withoutGrant } from '../domain/events.ts';
import type { AuditEvent } from '../domain/records.ts';
import { ConflictError } from '../ports/errors.ts';
import type { Registry } from '../ports/registry.ts';
import { memoryRegistry } from '../testing/memory-registry.ts';
import { registrySource } from './audit-source.ts';
import { verifyAudit } from './audit-verify.ts';
import { revokeClient, setClient, suspendClient } from './clients.ts';
import { issueToken } from './issue.ts';
import { activateKey, createKey, revokeKey } from './keys.ts';
import { planRestore } from './restore-plan.ts';
import { restoreRegistry, type RestoreOptions, type RestoreSource } from './restore.ts';
import { revokeToken } from './revoke.ts';
import { rotateToken } from './rotate.ts';
import { isLive, newWorld, partner, recordsOf, type World } from './world.fixture.ts';

/** Another registry with what this one has now: a backup. */
async function backup(world: World): Promise<World['registry']> {
  const copy = memoryRegistry();
  await restore(copy, world);
  return copy;
}

const grantsOf = ({ keys, deps: { environment }, clock }: World): RestoreOptions => ({
  grants: { keys, environment, now: clock.now() },
});

function sourceOf(registry: Registry): RestoreSource {
  return { eventsOf: (ref, fromSeq) => registry.eventsOf(ref, fromSeq) };
}

async function dump(registry: Registry): Promise<unknown> {
  const clients = await Array.fromAsync(registry.clients());
  const tokens = await Promise.all(clients.map(({ id }) => Array.fromAsync(registry.tokensOfClient(id))));
  const events = await Array.fromAsync(registry.eventsByTime(0, 8_000_000_000_000));
  return {
    clients,
    tokens,
    events,
    ring: await registry.readKeyRing(),
    requests: await Array.fromAsync(registry.requests()),
  };
}

const at = (world: World, registry: World['registry']): World => ({ ...world, registry });
const restore = async (registry: Registry, truth: World): Promise<void> =>
  restoreRegistry(
    registry,
    sourceOf(truth.registry),
    await planRestore(registry, registrySource(truth.registry)),
    grantsOf(truth),
  );

async function history(world: World): Promise<{ kept: string; revoked: string; rotated: string }> {
  const issue = async (requestId: string): Promise<string> => {
    world.clock.advance(1_000);
    return (await issueToken(world.deps, { ...partner, requestId }, world.sink)).record.jti;
  };
  return { kept: await issue('one'), revoked: await issue('two'), rotated: await issue('three') };
}

describe('restoring a registry that was set back', () => {
  it('brings a dead token that lives again to its end, and everything else to what it was', async () => {
    const world = await newWorld();
    const { kept, revoked, rotated } = await history(world);
    const old = await backup(world);
    world.clock.advance(60_000);
    await revokeToken(world.deps, { jti: revoked, reason: 'leaked' });
    await rotateToken(world.deps, { client: 'partner', jti: rotated, grace: 1, takeOver: false }, world.sink);
    await issueToken(world.deps, { ...partner, client: 'another', requestId: 'four' }, world.sink);
    await setClient(world.deps, 'partner', { contact: 'ops@partner.example' });
    world.clock.advance(60_000);

    // The danger, shown: what was revoked lives.
    const find = async (jti: string): Promise<boolean> => {
      const record = await old.findToken(jti);
      return record !== undefined && isLive(at(world, old), record);
    };
    expect([await find(kept), await find(revoked), await find(rotated)]).toEqual([true, true, true]);

    const plan = await planRestore(old, registrySource(world.registry));
    expect(
      plan.steps.map(({ aggregate, fromSeq, untilSeq, endings }) => [aggregate, fromSeq, untilSeq, endings]),
    ).toEqual([
      ['client:partner', 7, 13, 3],
      ['client:another', 0, 3, 0],
    ]);
    expect(plan).toMatchObject({ events: 9, endings: 3, complete: 1 });
    await restoreRegistry(old, sourceOf(world.registry), plan, grantsOf(world));
    expect([await find(kept), await find(revoked), await find(rotated)]).toEqual([true, false, false]);
    expect(await dump(old)).toEqual(await dump(world.registry));
    const report = await verifyAudit(registrySource(old), { now: world.clock.now() });
    expect(report.findings).toEqual([]);
  });

  it('puts rings back first, then clients of whom something ended, then the others', async () => {
    const world = await newWorld();
    const old = await backup(world);
    await issueToken(world.deps, { ...partner, client: 'a-new-one' }, world.sink);
    await issueToken(world.deps, { ...partner, client: 'suspended' }, world.sink);
    await suspendClient(world.deps, 'suspended');
    await createKey(world.deps, 'ES256');
    const { steps } = await planRestore(old, registrySource(world.registry));
    expect(steps.map(({ aggregate }) => aggregate)).toEqual(['ring:main', 'client:suspended', 'client:a-new-one']);
  });

  it('revokes again the clients and keys that were revoked', async () => {
    const world = await newWorld();
    await history(world);
    const old = await backup(world);
    await revokeClient(world.deps, 'partner');
    await revokeKey(world.deps, (await world.registry.readKeyRing())?.keys[0]?.kid ?? '');
    await restore(old, world);
    expect(await dump(old)).toEqual(await dump(world.registry));
    for (const record of await recordsOf(at(world, old))) expect(await isLive(at(world, old), record)).toBe(false);
  });

  it('changes nothing where nothing is missing, nor where the registry knows more', async () => {
    const world = await newWorld();
    const old = await backup(world);
    await history(world);
    const before = await dump(world.registry);
    expect(await planRestore(world.registry, registrySource(old))).toMatchObject({ steps: [], events: 0, complete: 1 });
    await restore(world.registry, { ...world, registry: old });
    await restore(world.registry, { ...world, registry: world.registry });
    expect(await dump(world.registry)).toEqual(before);
  });

  it('refuses where the chains contradict each other, and writes nothing', async () => {
    const world = await newWorld();
    await history(world);
    const old = await backup(world);
    world.clock.advance(1_000);
    await setClient(world.deps, 'partner', { contact: 'a@partner.example' });
    await setClient({ ...world.deps, registry: old }, 'partner', { contact: 'b@partner.example' });
    const before = await dump(old);
    await expect(planRestore(old, registrySource(world.registry))).rejects.toMatchObject({
      code: 'EXPORT_MISMATCH',
      why: expect.stringContaining('client:partner'),
    });
    // The other way round as well, and where the registry has more of another chain.
    await expect(planRestore(world.registry, registrySource(old))).rejects.toMatchObject({ code: 'EXPORT_MISMATCH' });
    await setClient({ ...world.deps, registry: old }, 'partner', { contact: 'c@partner.example' });
    await expect(planRestore(old, registrySource(world.registry))).rejects.toMatchObject({ code: 'EXPORT_MISMATCH' });
    expect((before as { clients: unknown[] }).clients).toHaveLength(1);
  });

  it('never lets a dead token live that the backup does not know, wherever it is stopped', async () => {
    const world = await newWorld();
    await history(world);
    const old = await backup(world);
    for (const client of ['partner', 'another', 'third']) {
      world.clock.advance(1_000);
      const { record } = await issueToken(world.deps, { ...partner, client }, world.sink);
      await issueToken(world.deps, { ...partner, client }, world.sink);
      world.clock.advance(1_000);
      if (client === 'partner') await revokeToken(world.deps, { jti: record.jti });
      if (client === 'another') await revokeClient(world.deps, client);
      if (client === 'third') await suspendClient(world.deps, client);
    }
    const plan = await planRestore(old, registrySource(world.registry));
    let commits = 0;
    const watched = withCommit(old, async (change) => {
      await old.commit(change);
      commits += 1;
      for (const client of ['partner', 'another', 'third']) {
        for (const record of await recordsOf(at(world, old), client)) {
          const truth = await world.registry.findToken(record.jti);
          if (await isLive(at(world, old), record)) expect(truth && (await isLive(world, truth))).toBe(true);
        }
      }
    });
    await restoreRegistry(watched, sourceOf(world.registry), plan, grantsOf(world));
    // As many as there were: two for each of six tokens, and one for each ending.
    expect(commits).toBe(15);
    expect(await dump(old)).toEqual(await dump(world.registry));
  });

  it('ends what the backup lets live with the first commit of its client, however late it was revoked', async () => {
    const world = await newWorld();
    const { revoked, kept } = await history(world);
    const old = await backup(world);
    for (let day = 0; day < 30; day += 1) {
      world.clock.advance(1_000);
      await setClient(world.deps, 'partner', { contact: `day-${day}@partner.example` });
    }
    world.clock.advance(1_000);
    await revokeToken(world.deps, { jti: revoked });
    const states: unknown[] = [];
    const watched = withCommit(old, async (change) => {
      await old.commit(change);
      states.push((await old.findToken(revoked))?.state);
    });
    const plan = await planRestore(old, registrySource(world.registry));
    await restoreRegistry(watched, sourceOf(world.registry), plan, grantsOf(world));
    expect(states).toEqual(Array.from({ length: 31 }, () => 'revoked'));
    expect((await old.findToken(kept))?.state).toBe('active');
    expect(await dump(old)).toEqual(await dump(world.registry));
    expect((await verifyAudit(registrySource(old), { now: world.clock.now() })).findings).toEqual([]);
  });

  it('does without records that were deleted since their tokens expired', async () => {
    const world = await newWorld();
    const { revoked } = await history(world);
    const old = await backup(world);
    world.clock.advance(1_000);
    await revokeToken(world.deps, { jti: revoked });
    const forgetful = withCommit(old, async (change) => {
      if (change.kind === 'client' && change.updated.length > 0) throw new ConflictError('token');
      await old.commit(change);
    });
    const without: Registry = new Proxy(forgetful, {
      get: (target, name) => (name === 'getToken' ? async () => undefined : Reflect.get(target, name)),
    });
    await restore(without, world);
    const [theirs, ours] = [await old.getClient('partner'), await world.registry.getClient('partner')];
    expect(theirs?.eventHash).toBe(ours?.eventHash);
  });

  it('writes nothing of a chain that does not add up', async () => {
    const world = await newWorld();
    const old = await backup(world);
    await history(world);
    const plan = await planRestore(old, registrySource(world.registry));
    const source: RestoreSource = {
      ...sourceOf(world.registry),
      async *eventsOf(ref, fromSeq) {
        for await (const event of world.registry.eventsOf(ref, fromSeq)) {
          yield event.seq === 6 ? { ...event, actor: 'thief' } : event;
        }
      },
    };
    await expect(restoreRegistry(old, source, plan, grantsOf(world))).rejects.toMatchObject({ code: 'EXPORT_DAMAGED' });
    expect(await old.getClient('partner')).toBeUndefined();
  });

  it('stops where somebody else writes meanwhile', async () => {
    const world = await newWorld();
    await history(world);
    const old = await backup(world);
    world.clock.advance(1_000);
    await setClient(world.deps, 'partner', { contact: 'a@partner.example' });
    const plan = await planRestore(old, registrySource(world.registry));
    await setClient({ ...world.deps, registry: old }, 'partner', { contact: 'b@partner.example' });
    const before = await dump(old);
    const source = sourceOf(world.registry);
    await expect(restoreRegistry(old, source, plan, grantsOf(world))).rejects.toMatchObject({ code: 'LOST_RACE' });
    const losing = withCommit(old, async () => {
      throw new ConflictError('version');
    });
    await expect(restoreRegistry(losing, source, plan, grantsOf(world))).rejects.toMatchObject({ code: 'LOST_RACE' });
    expect(await dump(old)).toEqual(before);
  });

  it('puts no token back to life that no grant proves, unless it is asked to', async () => {
    const world = await newWorld();
    await history(world);
    const plan = async (to: Registry): ReturnType<typeof planRestore> =>
      planRestore(to, registrySource(world.registry));
    const edits: readonly ((event: AuditEvent) => AuditEvent)[] = [
      withoutGrant,
      // A statement about other events.
      (event) => (event.grant === undefined ? event : { ...event, grant: first }),
    ];
    const events = await Array.fromAsync(world.registry.eventsOf({ kind: 'client', id: 'partner' }));
    const first = events.find(({ grant }) => grant !== undefined)?.grant ?? expect.fail('no grant');
    for (const edit of edits) {
      const source: RestoreSource = {
        ...sourceOf(world.registry),
        async *eventsOf(ref, fromSeq) {
          for await (const event of world.registry.eventsOf(ref, fromSeq)) yield edit(event);
        },
      };
      const old = memoryRegistry();
      const refused = restoreRegistry(old, source, await plan(old), grantsOf(world));
      await expect(refused).rejects.toMatchObject({ code: 'GRANT_NOT_VERIFIED' });
      expect(await Array.fromAsync(old.tokensOfClient('partner'))).toEqual([]);
      await restoreRegistry(old, source, await plan(old), { ...grantsOf(world), unproven: true });
      expect(await Array.fromAsync(old.tokensOfClient('partner'))).toHaveLength((await recordsOf(world)).length);
    }
  });

  it('puts no token back to life whose grant a key made that was revoked since', async () => {
    const world = await newWorld();
    const [first] = (await world.registry.readKeyRing())?.keys ?? [];
    const failing = { check: async () => {}, deliver: () => Promise.reject(new Error('cut')) };
    await issueToken(world.deps, { ...partner, requestId: 'one' }, failing).catch(() => {});
    const { key } = await createKey(world.deps, 'ES256');
    await activateKey(world.deps, key.kid, { now: true });
    // Prepared under one key, signed and delivered under the next.
    await issueToken(world.deps, { ...partner, requestId: 'one' }, world.sink);
    const before = memoryRegistry();
    await restore(before, world);
    expect(await Array.fromAsync(before.tokensOfClient('partner'))).toHaveLength(1);
    await revokeKey(world.deps, first?.kid ?? '');
    const old = memoryRegistry();
    await expect(restore(old, world)).rejects.toMatchObject({ code: 'GRANT_NOT_VERIFIED' });
    expect(await Array.fromAsync(old.tokensOfClient('partner'))).toEqual([]);
  });

  it('goes on where it was stopped', async () => {
    const world = await newWorld();
    await history(world);
    const old = memoryRegistry();
    const plan = await planRestore(old, registrySource(world.registry));
    let commits = 0;
    const dying = withCommit(old, async (change) => {
      commits += 1;
      if (commits > 2) throw new Error('killed');
      await old.commit(change);
    });
    await expect(restoreRegistry(dying, sourceOf(world.registry), plan, grantsOf(world))).rejects.toThrow('killed');
    await restore(old, world);
    expect(await dump(old)).toEqual(await dump(world.registry));
  });
});

/** The same registry, written to in another way. */
function withCommit(registry: Registry, commit: Registry['commit']): Registry {
  return new Proxy(registry, {
    get: (target, name) => {
      if (name === 'commit') return commit;
      const value: unknown = Reflect.get(target, name);
      // Private members need the object that they belong to.
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
