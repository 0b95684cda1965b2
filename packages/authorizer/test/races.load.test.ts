/** Decisions around a revocation that another process makes: none that may not be is allowed. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createAuthorizer, type Authorizer } from '../src/index.ts';
import { localKeys, localStatus } from '../src/local/index.ts';
import { localEnvironment } from './local-environment.ts';
import { AUDIENCE, ISSUER } from './world.ts';

/** `APIKEY_TEST_LONG=1` runs the races in full. */
const DECISIONS = process.env['APIKEY_TEST_LONG'] === undefined ? 1000 : 10_000;
const CALLERS = 8;
const WORKER = new URL('revoke-worker.ts', import.meta.url).pathname;
const NANOSECONDS = 1e9;

interface Seen {
  /** On the clock that all processes share, in nanoseconds. */
  readonly began: bigint;
  readonly allowed: boolean;
}

/** Starts the worker; `revoke` resolves to when the revocation had returned. */
async function revoker(dataDir: string, jti: string): Promise<() => Promise<bigint>> {
  const child = spawn(process.execPath, ['--conditions=@apikey/source', WORKER, dataDir, jti], {
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

/**
 * Callers that ask without a pause of more than a tick, at least `DECISIONS` times in all, from before the revocation until
 * `seconds` after it.
 */
async function race(
  authorizer: Authorizer,
  token: string,
  revoke: () => Promise<bigint>,
  seconds: number,
): Promise<{ seen: Seen[]; returned: bigint }> {
  const seen: Seen[] = [];
  let revoking: Promise<bigint> | undefined;
  let returned: bigint | undefined;
  const over = (): boolean =>
    returned !== undefined &&
    seen.length >= DECISIONS &&
    process.hrtime.bigint() > returned + BigInt(seconds * NANOSECONDS);
  const caller = async (): Promise<void> => {
    while (!over()) {
      const began = process.hrtime.bigint();
      // oxlint-disable-next-line no-await-in-loop
      const { allowed } = await authorizer.authorize({ token });
      seen.push({ began, allowed });
      if (seen.length >= DECISIONS / 4) {
        revoking ??= revoke().then((time) => {
          returned = time;
          return time;
        });
      }
      // Once the crowd is through, a few decisions a second show as much as thousands.
      // oxlint-disable-next-line no-await-in-loop
      await (seen.length < DECISIONS * 2 ? setImmediate() : setTimeout(2));
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return { seen, returned: (await revoking) ?? 0n };
}

test.each([0, 2])(
  'with tokens: %d, no decision that began later than the bound after a revocation returned is allowed',
  async (tokens) => {
    await using environment = await localEnvironment();
    const { dataDir } = environment;
    const { token, jti } = await environment.issue();
    const authorizer = createAuthorizer({
      issuer: ISSUER,
      audience: AUDIENCE,
      status: localStatus({ dataDir }),
      keys: localKeys({ dataDir }),
      maxStaleness: { tokens },
    });
    const revoke = await revoker(dataDir, jti);
    const { seen, returned } = await race(authorizer, token, revoke, tokens + 0.2);
    const bound = returned + BigInt(tokens * NANOSECONDS);
    const late = seen.filter(({ began }) => began > bound);
    expect(seen.length).toBeGreaterThanOrEqual(DECISIONS);
    expect(seen.filter(({ allowed }) => allowed).length).toBeGreaterThanOrEqual(DECISIONS / 4);
    expect(late.length).toBeGreaterThan(0);
    expect(late.filter(({ allowed }) => allowed)).toEqual([]);
  },
);
