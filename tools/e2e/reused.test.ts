/** Both APIs where the gateway reuses answers for five seconds: what that costs, and what it must never do. */
// oxlint-disable vitest/expect-expect -- `settle` asserts
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awsForTests, describeOnEmulator } from '../emulator/testing.ts';
import { note, settle } from './cases.ts';
import { KINDS, type Ask } from './gateway.ts';
import { makeWorld, type Issued, type World } from './world.ts';

const aws = await awsForTests();
const RESULT_TTL = 5;
/** docs/authorizer.md: result TTL + maxStaleness.tokens + staleIfError, and 2 s for the decision; the others are 0 here. */
const BOUND = RESULT_TTL + 2;
const PAUSE = 100;
/** With identity sources both kinds answer 401 to a request that lacks one, and do not ask the function. */
const NO_TOKEN = '401';
const DENIED = { REST: '401', HTTP: '403' } as const;

describeOnEmulator(aws, 'APIs that reuse answers for five seconds', (endpoint) => {
  let world: World;

  beforeAll(async () => {
    world = await makeWorld(aws, endpoint, 'reused', { resultTtl: RESULT_TTL });
    await world.gather();
  });
  afterAll(async () => {
    await world?.stop();
  });

  describe.each(KINDS)('%s', (kind) => {
    const api = `${kind}, ${RESULT_TTL} s`;
    const status = async (ask: Ask): Promise<string> => String((await world.gateway(kind, ask)).status);

    test('a request without a live token is denied', async ({ task }) => {
      const { token } = await world.issue('stranger', '--audience', 'https://other.example.gov');
      settle(task, { api, name: 'no token', expected: NO_TOKEN, seen: await status({}) });
      settle(task, { api, name: 'garbage', expected: DENIED[kind], seen: await status({ token: 'garbage' }) });
      settle(task, { api, name: 'wrong audience', expected: DENIED[kind], seen: await status({ token }) });
    });

    test('an answer to one route is right for the others while it is reused', async ({ task }) => {
      const read = await world.issue('reader', '--scope', 'plans:read');
      const write = await world.issue('writer', '--scope', 'plans:write');
      const both = await world.issue('both', '--scope', 'plans:read', '--scope', 'plans:write');
      const inTurn = async ({ token }: Issued): Promise<string> => {
        const seen: string[] = [];
        for (const method of ['GET', 'POST', 'GET', 'DELETE', 'POST']) {
          seen.push(await status({ token, method, path: '/plans/1' }));
        }
        return seen.join(' ');
      };
      const name = (scopes: string): string => `GET POST GET DELETE POST with ${scopes}`;
      settle(task, { api, name: name('plans:read'), expected: '200 403 200 403 403', seen: await inTurn(read) });
      settle(task, { api, name: name('plans:write'), expected: '403 200 403 403 200', seen: await inTurn(write) });
      settle(task, { api, name: name('both'), expected: '200 200 200 403 200', seen: await inTurn(both) });
      const elsewhere = await status({ token: both.token, path: '/admin' });
      settle(task, { api, name: 'another path of the same API route', expected: '403', seen: elsewhere });
    });

    test('the backend is told the right client while answers are reused', async ({ task }) => {
      const [one, other] = [await world.issue('one'), await world.issue('other')];
      const seen: string[] = [];
      for (const { token } of [one, other, one, other]) {
        const reply = await world.gateway(kind, { token });
        seen.push(`${reply.status} ${String(reply.seen['client'])}`);
      }
      settle(task, {
        api,
        name: 'two clients in turn',
        expected: '200 one 200 other 200 one 200 other',
        seen: seen.join(' '),
      });
    });

    test('a revoked token is denied within the published bound, and for good', async ({ task }) => {
      const { token, jti } = await world.issue('leaver');
      expect(await status({ token })).toBe('200');
      await world.apikey('revoke', jti, '--yes');
      const revoked = Date.now();
      let allowedLast = 0;
      let reused = 0;
      // Asked well beyond the bound, to see that nothing comes back.
      while (Date.now() < revoked + (BOUND + 3) * 1000) {
        const began = Date.now();
        if ((await status({ token })) === '200') {
          allowedLast = began - revoked;
          reused += 1;
        }
        await sleep(PAUSE);
      }
      note(task, {
        api,
        name: 'revoked: let in for the last time after',
        expected: `at most ${BOUND} s`,
        seen: `${(allowedLast / 1000).toFixed(1)} s (${reused} answers reused)`,
      });
      expect(allowedLast).toBeLessThanOrEqual(BOUND * 1000);
    });

    test('no token is let in past its expiry', async ({ task }) => {
      const short = await world.cli.json<Issued>(['issue', '--client', 'short', '--ttl', '12s']);
      const expires = Date.parse(short.expiresAt);
      let allowedLast = Number.NEGATIVE_INFINITY;
      while (Date.now() < expires + (RESULT_TTL + 1) * 1000) {
        const began = Date.now();
        if ((await status({ token: short.token })) === '200') allowedLast = began;
        await sleep(PAUSE);
      }
      note(task, {
        api,
        name: 'let in for the last time, before exp',
        expected: 'more than 0 s',
        seen: `${((expires - allowedLast) / 1000).toFixed(1)} s`,
      });
      expect(allowedLast).toBeGreaterThan(0);
      expect(allowedLast).toBeLessThan(expires);
    });
  });

  test('ten clients were let in under their own names throughout', async ({ task }) => {
    await world.crowd?.leave();
    const { answers = 0, complaints = ['nobody came'] } = world.crowd ?? {};
    expect(answers).toBeGreaterThan(100);
    const seen = complaints.length === 0 ? 'let in under their own names' : complaints.slice(0, 3).join('; ');
    const name = `ten clients throughout (${answers} answers; asked again after a fault: ${world.faults})`;
    settle(task, { api: `both, ${RESULT_TTL} s`, name, expected: 'let in under their own names', seen });
  });
});
