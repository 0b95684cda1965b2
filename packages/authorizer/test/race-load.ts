/** Decisions around a revocation that another process makes, on any backend: none that may not be is allowed. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { AuthorizerFault, createAuthorizer, type Authorizer } from '../src/index.ts';
import type { TestEnvironment } from './environment.ts';
import { AUDIENCE, ISSUER } from './world.ts';

const CALLERS = 8;
const WORKER = new URL('revoke-worker.ts', import.meta.url).pathname;
const NANOSECONDS = 1e9;

interface Seen {
  /** On the clock that all processes share, in nanoseconds. */
  readonly began: bigint;
  readonly allowed: boolean;
}

/** Starts the worker; `revoke` resolves to when the revocation had returned. */
async function revoker({ place }: TestEnvironment, jti: string): Promise<() => Promise<bigint>> {
  const child = spawn(process.execPath, ['--conditions=@apikey/source', WORKER, ...place, jti], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  // Ends with the worker, so that one that dies is noticed instead of waited for.
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  expect(await lines.next()).toMatchObject({ value: 'ready' });
  return async () => {
    child.stdin.write('go\n');
    const { value } = await lines.next();
    if (value === undefined) throw new Error('the worker ended before its revocation returned');
    return BigInt(value);
  };
}

/** A registry that is too slow for a moment lets nobody in, and nothing else is asked of it here. */
async function isAllowed(authorizer: Authorizer, token: string): Promise<boolean> {
  try {
    return (await authorizer.authorize({ token })).allowed;
  } catch (error) {
    if (error instanceof AuthorizerFault && error.code === 'REGISTRY_UNAVAILABLE') return false;
    throw error;
  }
}

/**
 * Callers that ask without a pause of more than a tick, at least `decisions` times in all, from before the revocation until
 * `seconds` after it.
 */
async function race(
  ask: () => Promise<boolean>,
  decisions: number,
  revoke: () => Promise<bigint>,
  seconds: number,
): Promise<{ seen: Seen[]; returned: bigint }> {
  const seen: Seen[] = [];
  let revoking: Promise<bigint> | undefined;
  let returned: bigint | undefined;
  const over = (): boolean =>
    returned !== undefined &&
    seen.length >= decisions &&
    process.hrtime.bigint() > returned + BigInt(seconds * NANOSECONDS);
  const caller = async (): Promise<void> => {
    while (!over()) {
      const began = process.hrtime.bigint();
      // oxlint-disable-next-line no-await-in-loop
      seen.push({ began, allowed: await ask() });
      if (seen.length >= decisions / 4) {
        revoking ??= revoke().then((time) => {
          returned = time;
          return time;
        });
      }
      // Once the crowd is through, a few decisions a second show as much as thousands.
      // oxlint-disable-next-line no-await-in-loop
      await (seen.length < decisions * 2 ? setImmediate() : setTimeout(2));
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return { seen, returned: (await revoking) ?? 0n };
}

/** Registers the races. `APIKEY_TEST_LONG=1` runs them in full: 10,000 decisions each. */
export function describeRaceLoad(name: string, environmentOf: () => Promise<TestEnvironment>, sample: number): void {
  const decisions = process.env['APIKEY_TEST_LONG'] === undefined ? sample : 10_000;
  describe(`${decisions} decisions on ${name}`, () => {
    test.each([0, 2])(
      'with tokens: %d, none that began later than the bound after a revocation returned is allowed',
      async (tokens) => {
        await using environment = await environmentOf();
        const { token, jti } = await environment.issue();
        const authorizer = createAuthorizer({
          issuer: ISSUER,
          audience: AUDIENCE,
          maxStaleness: { tokens },
          ...environment.sources(),
        });
        const revoke = await revoker(environment, jti);
        const { seen, returned } = await race(() => isAllowed(authorizer, token), decisions, revoke, tokens + 0.2);
        const bound = returned + BigInt(tokens * NANOSECONDS);
        const late = seen.filter(({ began }) => began > bound);
        expect(seen.length).toBeGreaterThanOrEqual(decisions);
        expect(seen.filter(({ allowed }) => allowed).length).toBeGreaterThanOrEqual(decisions / 5);
        expect(late.length).toBeGreaterThan(0);
        expect(late.filter(({ allowed }) => allowed)).toEqual([]);
      },
      300_000,
    );
  });
}
