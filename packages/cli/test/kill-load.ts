/** Commands that are killed at random moments, on any backend, seen through the authorizer. */
import { describe, expect, it } from 'vitest';
import { seededNumbers, type BuiltCli, type Outcome } from './built-cli.ts';
import { authorizerOf, expectSound, jtiOf, type LoadBackend, type LoadWorld } from './load-world.ts';

/** Both at once: each has a world of its own, and most of the time one waits for the process that it will kill. */
export function describeKillLoad(name: string, backend: LoadBackend, kills: number): void {
  describe(`${kills} kills at random moments on ${name}, seen through the authorizer`, () => {
    it.concurrent('of issue: what was reported is allowed, and nothing is allowed that the list does not show', async () => {
      using world = await backend();
      const { cli } = world;
      const args = ['issue', '--client', 'partner', '-q'];
      await cli.run(args);
      const typical = await durationOf(() => cli.run(args));
      const random = seededNumbers(1);
      const outcomes: Outcome[] = [];
      for (let n = 0; n < kills; n += 1) outcomes.push(await runAndKill(cli, args, random() * typical * 1.2));
      const known = await listed(cli);
      const authorizer = authorizerOf(world);
      for (const { code, stdout } of outcomes) {
        expect([0, null]).toContain(code);
        if (!stdout.endsWith('\n')) {
          expect(code).not.toBe(0);
          continue;
        }
        const token = stdout.trim();
        const decision = await authorizer.authorize({ token });
        // A kill between delivery and activation leaves a token that is not live, and says so by not ending with 0.
        if (code === 0) expect(decision).toMatchObject({ allowed: true });
        if (!decision.allowed) expect(decision.reason).toBe('not_activated');
        expect(known).toContain(jtiOf(token));
      }
      expect(outcomes.some(({ code }) => code === null)).toBe(true);
      // Whatever was left behind, the next command works.
      expect((await cli.run(args)).code).toBe(0);
      await expectSoundWorld(world);
    });

    it.concurrent('of revoke: every reported revocation holds, and one that was not reported can be repeated', async () => {
      using world = await backend();
      const { cli } = world;
      const issue = async (): Promise<string> => (await cli.run(['issue', '--client', 'partner', '-q'])).stdout.trim();
      const sacrifice = await issue();
      const typical = await durationOf(() => cli.run(['revoke', jtiOf(sacrifice), '--yes', '-q']));
      const random = seededNumbers(2);
      const authorizer = authorizerOf(world);
      let killed = 0;
      for (let n = 0; n < kills; n += 1) {
        const token = await issue();
        const revoke = ['revoke', jtiOf(token), '--yes', '-q'];
        const { code } = await runAndKill(cli, revoke, random() * typical * 1.2);
        expect([0, null]).toContain(code);
        if (code === null) {
          killed += 1;
          expect((await cli.run(revoke)).code).toBe(0);
        }
        expect(await authorizer.authorize({ token })).toMatchObject({ allowed: false, reason: 'revoked' });
      }
      expect(killed).toBeGreaterThan(0);
      await expectSoundWorld(world);
    });
  });
}

/** Runs a command and kills it after a while, unless it is faster. */
async function runAndKill(cli: BuiltCli, args: readonly string[], afterMillis: number): Promise<Outcome> {
  const running = cli.start(args);
  const timer = setTimeout(() => running.process.kill('SIGKILL'), afterMillis);
  const outcome = await running.outcome;
  clearTimeout(timer);
  return outcome;
}

/** About how long a command takes here and now: delays are spread over this, so that kills hit every part of it. */
async function durationOf(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function listed(cli: BuiltCli): Promise<ReadonlySet<string>> {
  const all = await cli.json<{ jti: string }[]>(['list', '--client', 'partner', '--all']);
  return new Set(all.map(({ jti }) => jti));
}

async function expectSoundWorld(world: LoadWorld): Promise<void> {
  const registry = await world.openRegistry();
  try {
    await expectSound(registry);
  } finally {
    await registry.close();
  }
}
