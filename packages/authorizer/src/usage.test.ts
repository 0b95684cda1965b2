/** Uses of tokens are recorded beside decisions: of allowed ones alone, rarely, and without any say in them. */
import { USAGE_INTERVAL_SECONDS, usageResolution, type UsageRecorder } from '@apikey/shared';
import { describe, expect, test } from 'vitest';
import { gate, settle, START, testKey, World } from '../test/world.ts';
import { Timeline } from './clock.ts';
import { Decider } from './decider.ts';
import { parseOptions } from './options.ts';
import { UsageTracker } from './usage-tracker.ts';

type Recorded = Parameters<UsageRecorder['recordUse']>[0];

/** A recorder that notes what it is asked to record, and then does as the test says. */
class Recorder implements UsageRecorder {
  readonly asked: Recorded[] = [];
  instead: (use: Recorded) => unknown = () => undefined;

  async recordUse(use: Recorded): Promise<void> {
    this.asked.push(use);
    await this.instead(use);
  }
}

function setup(): { world: World; recorder: Recorder; decider: Decider } {
  const world = new World();
  const recorder = new Recorder();
  return { world, recorder, decider: new Decider(parseOptions({ ...world.options(), usage: recorder })) };
}

const MINUTE = 60;

describe('what is recorded', () => {
  test('an allowed use, with its token, client, time and end', async () => {
    const { world, recorder, decider } = setup();
    const { token, jti, claims } = world.issue();
    world.clock.advance(1.5);
    expect(await decider.authorize({ token })).toMatchObject({ allowed: true });
    expect(recorder.asked).toEqual([{ jti, client: 'partner', usedAt: START + 1, exp: claims.exp }]);
    expect(world.reports).toMatchObject([{ allowed: true, usage: 'written' }]);
  });

  test('nothing without a recorder', async () => {
    const world = new World();
    await world.authorizer().authorize(world.issue());
    expect(world.reports).toHaveLength(1);
    expect(world.reports[0]).not.toHaveProperty('usage');
  });

  test.each<[string, (world: World, jti: string) => void]>([
    ['revoked', (world, jti) => world.revoke(jti)],
    ['pending', (world, jti) => world.updateRecord(jti, { state: 'pending' })],
    ['gone', (world, jti) => world.records.delete(jti)],
    ['expired', (world) => world.clock.advance(400 * 86_400)],
    ["a suspended client's", (world) => world.addClient('partner', { state: 'suspended' })],
    ['of a revoked key', (world) => world.setKeyState(world.key, 'revoked')],
    ['for another network', (world) => world.addClient('partner', { cidrs: ['192.0.2.0/24'] })],
  ])('no use of a token that is %s, though it was live before', async (_, end) => {
    const { world, recorder, decider } = setup();
    const issued = world.issue();
    await decider.authorize(issued);
    world.clock.advance(20 * MINUTE);
    end(world, issued.jti);
    world.clock.advance(2 * MINUTE);
    expect(await decider.authorize({ ...issued, sourceAddress: '203.0.113.1' })).toMatchObject({ allowed: false });
    expect(recorder.asked).toHaveLength(1);
    expect(world.reports[1]).not.toHaveProperty('usage');
  });

  test('no use of a token that is revoked while its status is read', async () => {
    const { world, recorder, decider } = setup();
    const issued = world.issue();
    const slow = gate();
    world.beforeStatus = async () => {
      await slow.opened;
      return { record: world.records.get(issued.jti), client: world.clients.get('partner') };
    };
    const deciding = decider.authorize(issued);
    await settle();
    expect(recorder.asked).toEqual([]);
    world.revoke(issued.jti);
    slow.open();
    expect(await deciding).toMatchObject({ allowed: false, reason: 'revoked' });
    expect(recorder.asked).toEqual([]);
  });

  test('no forgery, no request without access, and no fault', async () => {
    const { world, recorder, decider } = setup();
    const forged = world.issue({ key: { ...testKey('ES256', 1), kid: world.key.kid } });
    for (const token of [forged.token, 'garbage', '', undefined]) {
      // oxlint-disable-next-line no-await-in-loop
      await decider.authorize({ token });
    }
    world.beforeStatus = () => Promise.reject(new Error('no registry'));
    await expect(decider.authorize(world.issue())).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
    expect(recorder.asked).toEqual([]);
    expect(decider.sizes).toMatchObject({ usedTokens: 0, usageWrites: 0 });
  });
});

describe('how often', () => {
  test('once in 15 minutes for each token, whatever the traffic', async () => {
    const { world, recorder, decider } = setup();
    const [first, second] = [world.issue(), world.issue()];
    await Promise.all(Array.from({ length: 50 }, () => decider.authorize(first)));
    for (let minute = 0; minute < 14; minute += 1) {
      world.clock.advance(MINUTE);
      // oxlint-disable-next-line no-await-in-loop
      await decider.authorize(first);
    }
    expect(recorder.asked).toHaveLength(1);
    await decider.authorize(second);
    expect(recorder.asked.map(({ jti }) => jti)).toEqual([first.jti, second.jti]);
    world.clock.advance(MINUTE);
    await Promise.all([decider.authorize(first), decider.authorize(first), decider.authorize(second)]);
    expect(recorder.asked.slice(2)).toMatchObject([{ jti: first.jti, usedAt: START + 15 * MINUTE }]);
  });

  test('a token in use all the time was recorded within the resolution, though writes are lost', async () => {
    const { world, recorder, decider } = setup();
    const issued = world.issue();
    let written = START;
    let oldest = 0;
    for (let second = 0; second < 7_200; second += 7) {
      // Every other write is lost.
      const before = recorder.asked.length;
      recorder.instead = () => (before % 2 === 1 ? Promise.reject(new Error('lost')) : undefined);
      // oxlint-disable-next-line no-await-in-loop
      await decider.authorize(issued);
      if (recorder.asked.length > before && before % 2 === 0) written = START + second;
      oldest = Math.max(oldest, START + second - written);
      world.clock.advance(7);
    }
    expect(oldest).toBeLessThan(usageResolution(0));
    // A shorter one would call such a token quiet.
    expect(oldest).toBeGreaterThanOrEqual(USAGE_INTERVAL_SECONDS - 7);
  });

  test('the interval passes while a function is frozen', async () => {
    const { world, recorder, decider } = setup();
    const issued = world.issue();
    await decider.authorize(issued);
    world.clock.moveWall(15 * MINUTE);
    await decider.authorize(issued);
    expect(recorder.asked).toHaveLength(2);
  });

  test('what is remembered of used tokens is bounded', async () => {
    const { world, recorder } = setup();
    const tracker = new UsageTracker(recorder, new Timeline(world.clock));
    for (let n = 0; n < 120_000; n += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await tracker.record({ jti: `token ${n}`, client: 'partner', exp: START });
    }
    expect(tracker.sizes.usedTokens).toBeLessThanOrEqual(100_000);
    expect(recorder.asked).toHaveLength(120_000);
  });
});

describe('a recorder that fails', () => {
  const failing: [string, UsageRecorder['recordUse']][] = [
    ['rejects', () => Promise.reject(new Error('no table'))],
    [
      'throws at once',
      () => {
        throw new Error('no table');
      },
    ],
    // oxlint-disable-next-line prefer-promise-reject-errors -- recorders may be anybody's
    ['rejects with nothing', () => Promise.reject()],
  ];
  test.each(failing)('and %s changes no decision, and is reported', async (_, recordUse) => {
    const world = new World();
    const authorizer = world.authorizer({ usage: { recordUse } });
    const issued = world.issue();
    expect(await authorizer.authorize(issued)).toEqual(await world.authorizer().authorize(issued));
    expect(world.reports[0]).toMatchObject({ allowed: true, usage: 'lost' });
  });

  test('is tried again, but neither at once nor for every token', async () => {
    const { world, recorder, decider } = setup();
    const tokens = [world.issue(), world.issue(), world.issue()];
    recorder.instead = () => Promise.reject(new Error('throttled'));
    const all = async (): Promise<unknown[]> => {
      world.reports.length = 0;
      // oxlint-disable-next-line no-await-in-loop
      for (const token of tokens) await decider.authorize(token);
      return world.reports.map(({ usage }) => usage);
    };
    expect(await all()).toEqual(['lost', 'paused', 'paused']);
    expect(await all()).toEqual([undefined, 'paused', 'paused']);
    world.clock.advance(11);
    expect(await all()).toEqual([undefined, 'lost', 'paused']);
    recorder.instead = () => undefined;
    world.clock.advance(11);
    expect(await all()).toEqual([undefined, undefined, 'written']);
    world.clock.advance(MINUTE);
    expect(await all()).toEqual(['written', 'written', undefined]);
    expect(recorder.asked).toHaveLength(5);
  });

  test('to answer holds an answer up for a moment only, and no more calls pile up than a few', async () => {
    const { world, recorder, decider } = setup();
    const never = new Promise<void>(() => {});
    recorder.instead = () => never;
    const many = Array.from({ length: 150 }, () => world.issue());
    expect(await Promise.all(many.map((issued) => decider.authorize(issued)))).toHaveLength(150);
    const outcomes = world.reports.map(({ usage }) => usage);
    expect(outcomes.filter((usage) => usage === 'late')).toHaveLength(100);
    expect(outcomes.filter((usage) => usage === 'paused')).toHaveLength(50);
    expect(decider.sizes.usageWrites).toBe(100);
    world.clock.advance(MINUTE);
    world.reports.length = 0;
    expect(await decider.authorize(world.issue())).toMatchObject({ allowed: true });
    expect(world.reports).toMatchObject([{ usage: 'paused' }]);
    expect(recorder.asked).toHaveLength(100);
  });

  test('leaves no timer behind, nor does one that works', async () => {
    const { world, recorder, decider } = setup();
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await decider.authorize(world.issue());
    recorder.instead = () => Promise.reject(new Error('throttled'));
    await decider.authorize(world.issue());
    expect(world.reports).toMatchObject([{ usage: 'written' }, { usage: 'lost' }]);
    expect(timers()).toBe(before);
  });

  test('in time counts once it answers', async () => {
    const { world, recorder, decider } = setup();
    const slow = gate();
    recorder.instead = () => slow.opened;
    const issued = world.issue();
    await decider.authorize(issued);
    expect(world.reports).toMatchObject([{ usage: 'late' }]);
    slow.open();
    await settle();
    world.clock.advance(2 * MINUTE);
    await decider.authorize(issued);
    expect(recorder.asked).toHaveLength(1);
    expect(decider.sizes.usageWrites).toBe(0);
  });
});
