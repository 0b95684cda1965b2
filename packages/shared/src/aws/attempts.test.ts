import { describe, expect, it } from 'vitest';
import { ThrottledError, UnavailableError } from '../ports/errors.ts';
import { attempt, AttemptTimeout } from './attempts.ts';
import type { Timing } from './client-settings.ts';

const QUICK: Timing = { connect: 100, attempt: 10_000, budget: 60_000, attempts: 3 };
const identity = (error: unknown): unknown => error;

/** A call that fails with each of `errors` in turn, and then answers. */
function failing(...errors: readonly Error[]): { call: () => Promise<string>; count: () => number } {
  let count = 0;
  return {
    call: async () => {
      const error = errors[count];
      count += 1;
      if (error !== undefined) throw error;
      return 'answer';
    },
    count: () => count,
  };
}
const unanswered = (): Error => new UnavailableError('gone', { outcome: 'unknown' });
const unsent = (): Error => new UnavailableError('gone');
const throttled = (): Error => new ThrottledError('slow');

describe('attempts', () => {
  it('go on after what may pass', async () => {
    const { call, count } = failing(throttled(), unsent(), throttled(), unanswered());
    expect(await attempt({ call, translate: identity, repeatable: true, timing: QUICK })).toBe('answer');
    expect(count()).toBe(5);
  });

  it('end with the third that got no answer', async () => {
    const { call, count } = failing(unanswered(), unanswered(), unanswered());
    const attempted = attempt({ call, translate: identity, repeatable: true, timing: QUICK });
    await expect(attempted).rejects.toThrow('gone');
    expect(count()).toBe(3);
  });

  it('end at once with what does not pass', async () => {
    const { call, count } = failing(new TypeError('a mistake'));
    await expect(attempt({ call, translate: identity, repeatable: true, timing: QUICK })).rejects.toThrow(TypeError);
    expect(count()).toBe(1);
  });

  it('do not do twice what must be done once', async () => {
    const lost = failing(unanswered());
    await expect(attempt({ ...lost, translate: identity, repeatable: false, timing: QUICK })).rejects.toThrow('gone');
    expect(lost.count()).toBe(1);
    const refused = failing(unsent(), throttled());
    expect(await attempt({ ...refused, translate: identity, repeatable: false, timing: QUICK })).toBe('answer');
  });

  it('are one where the caller repeats by itself', async () => {
    for (const error of [throttled(), unsent()]) {
      const { call, count } = failing(error);
      const timing = { ...QUICK, attempts: 1 };
      await expect(attempt({ call, translate: identity, repeatable: true, timing })).rejects.toBe(error);
      expect(count()).toBe(1);
    }
  });

  it('abandon a call that heeds no signal', async () => {
    const call = (): Promise<never> => new Promise(() => {});
    const timing = { ...QUICK, attempt: 20, attempts: 1 };
    await expect(attempt({ call, translate: identity, repeatable: true, timing })).rejects.toThrow(AttemptTimeout);
  });

  it.each([
    ['not_applied', ThrottledError],
    ['unknown', UnavailableError],
  ] as const)(
    'say what the service said before the budget cut one short, unless it may hold: %s',
    async (outcome, kind) => {
      let count = 0;
      const call = (): Promise<never> => {
        count += 1;
        return count === 1 ? Promise.reject(throttled()) : new Promise(() => {});
      };
      const translate = (error: unknown): unknown =>
        error instanceof AttemptTimeout ? new UnavailableError('gone', { outcome }) : error;
      const timing = { ...QUICK, budget: 500 };
      await expect(attempt({ call, translate, repeatable: true, timing })).rejects.toBeInstanceOf(kind);
      expect(count).toBe(2);
    },
  );

  it('end with the reason of a caller that gives up, before, while and between calls', async () => {
    const reason = new Error('late');
    const { call, count } = failing(throttled());
    const aborted = attempt({
      call,
      translate: identity,
      repeatable: true,
      timing: QUICK,
      signal: AbortSignal.abort(reason),
    });
    await expect(aborted).rejects.toBe(reason);
    expect(count()).toBe(0);

    const controller = new AbortController();
    const between = attempt({
      call: async () => {
        queueMicrotask(() => controller.abort(reason));
        throw throttled();
      },
      translate: identity,
      repeatable: true,
      timing: QUICK,
      signal: controller.signal,
    });
    await expect(between).rejects.toBe(reason);
  });
});
