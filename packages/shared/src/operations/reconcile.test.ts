import { describe, expect, it } from 'vitest';
import type { SignCall } from '../ports/sign-log.ts';
import { UnavailableError } from '../ports/errors.ts';
import type { Registry } from '../ports/registry.ts';
import { clientChange } from '../domain/change.ts';
import { tokenEvent } from '../domain/transitions/tokens.ts';
import { changeContext } from './context.ts';
import { activateToken } from './activate.ts';
import { issueToken } from './issue.ts';
import { MINUTE, newLogged, type Logged } from './logged-world.fixture.ts';
import { readSigningKeys, reconcile, type Reconciliation } from './reconcile.ts';
import { rotateToken } from './rotate.ts';
import { SignLedger } from './sign-ledger.ts';
import { partner, recordsOf } from './world.fixture.ts';

const kinds = ({ findings }: Reconciliation): string[] => findings.map(({ kind }) => kind);

/** One token, and a rotation of it. */
async function history(world: Logged): Promise<void> {
  const { record } = await issueToken(world.deps, partner, world.sink);
  world.clock.advance(MINUTE);
  await rotateToken(world.deps, { client: 'partner', jti: record.jti, grace: 3600, takeOver: false }, world.sink);
}

describe('reconciling with the log of signing calls', () => {
  it('matches every token with its signature', async () => {
    const world = await newLogged();
    await history(world);
    expect(await world.judge()).toMatchObject({
      matched: 2,
      grants: 2,
      abandoned: [],
      findings: [],
      unjudged: 0,
    });
  });

  it('does not care about the order of the entries, nor about entries that come twice', async () => {
    const world = await newLogged();
    await history(world);
    const mixed = [...world.log, ...world.log].toReversed();
    expect(await world.judge(mixed)).toMatchObject({ matched: 2, findings: [], ignored: { duplicates: 4 } });
  });

  it('finds a signature that nothing accounts for', async () => {
    const world = await newLogged();
    await history(world);
    const [call] = world.tokenCalls();
    const forged = { ...call, requestId: 'forged', eventId: 'forged', principal: 'thief' } as SignCall;
    const result = await world.judge([...world.log, forged]);
    expect(result).toMatchObject({ matched: 2, findings: [{ kind: 'unexplained_signature', call: forged }] });
  });

  it('finds one by the issuer as well, if no record was prepared within a quarter of an hour', async () => {
    const world = await newLogged();
    await history(world);
    const [call] = world.tokenCalls();
    const late = { ...call, requestId: 'late', eventId: 'late', at: world.clock.now() + 15 * MINUTE + 1 } as SignCall;
    const window = { from: 0, until: late.at };
    expect(kinds(await world.judge([...world.log, late], window))).toEqual(['unexplained_signature']);
    const inTime = { ...late, at: world.clock.now() + 15 * MINUTE };
    expect(await world.judge([...world.log, inTime], window)).toMatchObject({
      findings: [],
      abandoned: [{ call: inTime }],
    });
  });

  it('lists what a crash and its rerun left behind', async () => {
    const world = await newLogged();
    world.sink.failDelivery(new UnavailableError('no room'));
    const request = { ...partner, requestId: 'ticket-1' };
    await expect(issueToken(world.deps, request, world.sink)).rejects.toMatchObject({ code: 'DELIVERY_FAILED' });
    world.sink.failDelivery();
    world.clock.advance(20 * MINUTE);
    const { record } = await issueToken(world.deps, request, world.sink);
    const [first] = world.tokenCalls();
    expect(await world.judge()).toMatchObject({
      matched: 1,
      findings: [],
      abandoned: [{ call: first, client: 'partner', jti: record.jti }],
    });
  });

  it('explains a token that was activated by hand by the attempt that made it', async () => {
    const world = await newLogged();
    world.meet((call) =>
      call.method === 'commit' && world.sink.tokens.length > 0
        ? { kind: 'fail', error: new Error('killed') }
        : undefined,
    );
    await expect(issueToken(world.deps, partner, world.sink)).rejects.toThrow('killed');
    world.meet(() => undefined);
    const [record] = await recordsOf(world);
    const [token = ''] = world.sink.tokens;
    await activateToken(world.as('other@host'), { jti: record?.jti ?? '', token });
    expect(await world.judge()).toMatchObject({ matched: 0, findings: [], abandoned: [{ jti: record?.jti }] });
    expect(kinds(await world.judge([]))).toEqual(['token_without_signature']);
  });

  it('finds a token of which the log knows no signature', async () => {
    const world = await newLogged();
    await history(world);
    const [first] = world.tokenCalls();
    const result = await world.judge(world.log.filter((call) => call !== first));
    expect(kinds(result)).toEqual(['token_without_signature']);
    expect(result.matched).toBe(1);
  });

  it('does not judge tokens that were made outside of what the log covers', async () => {
    const world = await newLogged();
    await history(world);
    const later = { from: world.clock.now() + 1, until: world.clock.now() + MINUTE };
    expect(await world.judge([], later)).toMatchObject({ matched: 0, findings: [], unjudged: 2 });
  });

  it('finds a signature by somebody who had nothing to do with the token', async () => {
    const world = await newLogged();
    await history(world);
    const [first] = world.tokenCalls();
    const others = world.log.filter((call) => call !== first);
    const foreign = { ...first, principal: 'thief' } as SignCall;
    expect(await world.judge([foreign, ...others])).toMatchObject({
      matched: 1,
      findings: [{ kind: 'unexpected_principal', call: foreign, expected: 'admin@host' }],
    });
  });

  it('ignores other keys, refused calls and dry runs, and says how many there were', async () => {
    const world = await newLogged();
    await history(world);
    const [call] = world.tokenCalls();
    const other = { ...call, eventId: 'a', requestId: 'a', keyArn: 'memory:another' } as SignCall;
    const refused = { ...call, eventId: 'b', requestId: 'b', signed: false } as SignCall;
    expect(await world.judge([...world.log, other, refused])).toMatchObject({
      matched: 2,
      findings: [],
      ignored: { otherKeys: 1, unsigned: 1, duplicates: 0 },
    });
  });

  it('finds a second token that lays claim to the signature of another', async () => {
    const world = await newLogged();
    await history(world);
    const [mine, other] = await recordsOf(world);
    const client = await world.registry.getClient('partner');
    if (client === undefined || mine === undefined || other === undefined) throw new Error('nothing was issued');
    const forged = { ...other, kmsRequestId: mine.kmsRequestId ?? '' };
    const event = tokenEvent('token.activated', other, forged);
    await world.registry.commit(
      clientChange(client, client, { updated: [forged] }, [event], changeContext(world.deps)),
    );
    const result = await world.judge();
    expect(kinds(result)).toEqual(['signature_claimed_twice']);
    // What was its own signature is now one that no token names.
    expect(result).toMatchObject({ matched: 1, abandoned: [{ jti: other.jti }] });
  });

  it('leaves signatures before and after what is looked at alone, and says how many there were', async () => {
    const world = await newLogged();
    world.sink.failDelivery(new UnavailableError('no room'));
    const lost = async (): Promise<void> => {
      await expect(issueToken(world.deps, partner, world.sink)).rejects.toMatchObject({ code: 'DELIVERY_FAILED' });
      world.clock.advance(60 * MINUTE);
    };
    await lost();
    const from = world.clock.now();
    await lost();
    const until = world.clock.now() - 1;
    await lost();
    const [, within] = world.tokenCalls();
    expect(await world.judge(world.log, { from, until })).toMatchObject({
      findings: [],
      abandoned: [{ call: within }],
      ignored: { outside: 2 },
    });
  });

  it('gives each token that was activated by hand a signature of its own, though several were made at once', async () => {
    const world = await newLogged();
    await issueToken(world.deps, partner, world.sink);
    let killing = false;
    world.meet((call) =>
      call.method === 'commit' && killing ? { kind: 'fail', error: new Error('killed') } : undefined,
    );
    const deliver = world.sink.deliver.bind(world.sink);
    const dying = {
      ...world.sink,
      deliver: async (...args: Parameters<typeof deliver>): Promise<void> => {
        await deliver(...args);
        killing = true;
      },
    };
    // As in a bulk: all were prepared at one moment, and no signature lies nearer to one of them than to another.
    world.clock.advance(MINUTE);
    for (let index = 0; index < 3; index += 1) {
      killing = false;
      await expect(issueToken(world.deps, partner, dying)).rejects.toThrow('killed');
    }
    killing = false;
    for (const { token, record } of world.sink.deliveries.slice(1)) {
      await activateToken(world.as('other@host'), { jti: record.jti, token });
    }
    const jtis = world.sink.deliveries.slice(1).map(({ record }) => record.jti);
    const result = await world.judge();
    expect(result).toMatchObject({ matched: 1, findings: [] });
    expect(result.abandoned.map(({ jti }) => jti)).toEqual(jtis);
  });

  it('takes the signature of a grant for nothing else, and no other for that of a grant', async () => {
    const world = await newLogged();
    await history(world);
    const tokens = world.tokenCalls();
    const grant = world.log.find((call) => !tokens.includes(call));
    const without = world.log.filter((call) => call !== grant);
    // Another principal, another key, another time: the event does not explain it.
    for (const change of [{ principal: 'thief' }, { keyArn: 'alias/other' }, { at: 0 }, { at: 2 ** 50 }]) {
      const forged = { ...grant, ...change } as SignCall;
      const window = { from: 0, until: 2 ** 51 };
      expect(kinds(await world.judge([...without, forged], window))).toEqual(['unexplained_signature']);
    }
  });

  it('counts one grant for a commit, and none for an event that prepares nothing', async () => {
    const world = await newLogged();
    await history(world);
    const grant = world.log.find((call) => !world.tokenCalls().includes(call));
    // Made by a thief of the admin's own credentials, who writes its id beside the events of the same moment.
    const stolen = { ...grant, requestId: 'stolen', eventId: 'stolen' } as SignCall;
    const eventsOf: Registry['eventsOf'] = async function* (...range) {
      for await (const event of world.registry.eventsOf(...range)) {
        yield event.grant === undefined ? { ...event, grant: 'a.b.c', grantRequestId: 'stolen' } : event;
      }
    };
    const ledger = new SignLedger(await readSigningKeys(world.registry));
    for (const call of [...world.log, stolen]) ledger.add(call);
    const registry = new Proxy(world.registry, {
      get: (target, name) => {
        const value: unknown = name === 'eventsOf' ? eventsOf : Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const result = await reconcile(registry, { ledger, from: 0, until: 2 ** 51 });
    expect(result.grants + result.abandoned.length).toBe(3);
    // At the first event of a commit it takes the place of the grant, whose own signature is then in question.
    expect(result.abandoned.map(({ call }) => call.requestId)).toEqual([
      expect.stringMatching(/^(stolen|memory-\d+)$/),
    ]);
  });

  it('hides no signature behind the id of another entry', async () => {
    const world = await newLogged();
    await history(world);
    const [call] = world.tokenCalls();
    const sameEvent = { ...call, requestId: 'forged', principal: 'thief' } as SignCall;
    expect(await world.judge([...world.log, sameEvent])).toMatchObject({
      matched: 2,
      findings: [{ kind: 'unexplained_signature', call: sameEvent }],
    });
    const sameRequest = { ...call, eventId: 'forged', principal: 'thief' } as SignCall;
    expect(await world.judge([...world.log, sameRequest])).toMatchObject({
      matched: 2,
      findings: [{ kind: 'unexplained_signature', call: sameRequest }],
    });
    expect((await world.judge([sameRequest, ...world.log])).findings).not.toEqual([]);
  });

  it('knows a key by its id alone, and takes none that is called by an alias for another', async () => {
    const world = await newLogged();
    await history(world);
    const [call] = world.tokenCalls();
    const forged = { ...call, requestId: 'forged', eventId: 'forged', keyArn: 'alias/apikey-prod/main' } as SignCall;
    expect(kinds(await world.judge([...world.log, forged]))).toEqual(['unexplained_signature']);
    expect(await world.judge([...world.log, { ...forged, signed: false }])).toMatchObject({ findings: [] });
  });
});
