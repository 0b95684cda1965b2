/** Issuing from a file that is interrupted, killed and run out of space, on any backend: nothing twice, nothing lost. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { BuiltCli, Outcome, Running } from './built-cli.ts';
import { authorizerOf, jtiOf, type LoadBackend, type LoadWorld } from './load-world.ts';

const OUT = 'tokens';

export function describeBulkLoad(name: string, backend: LoadBackend, clients: number): void {
  const flags = ['issue', '--from', 'clients.csv', '--out-dir', OUT, '--concurrency', '8'];
  /** At a pace of which nobody is overtaken who is to be stopped half-way: all of it would take four seconds. */
  const paced = [...flags, '--rate', String(Math.ceil(clients / 4))];

  /** Two lines of every tenth client. */
  const lines = Array.from({ length: clients }, (_, n) => `client-${n % Math.ceil(clients * 0.9)},90d`);
  const prepare = ({ cli }: LoadWorld): void =>
    writeFileSync(join(cli.home, 'clients.csv'), `client,ttl\n${lines.join('\n')}\n`);

  describe(`a file of ${clients} tokens to issue, on ${name}`, { timeout: 900_000 }, () => {
    it('that is interrupted, killed, and run again gives as many live tokens and files, and no second one', async () => {
      using world = await backend();
      const { cli } = world;
      prepare(world);
      const interrupted = await stop(cli, cli.start(paced), 'SIGINT', clients * 0.2);
      expect(interrupted.code).toBe(130);
      expect(interrupted.stderr).toMatch(/code {2}INTERRUPTED/);
      const done = Number(/why {3}(\d+) of \d+ tokens were issued now/.exec(interrupted.stderr)?.[1]);
      expect(done).toBe(files(cli).length);
      expect(await liveTokens(cli)).toHaveLength(done);

      for (const share of [0.4, 0.6, 0.8]) {
        const killed = await stop(cli, cli.start(paced), 'SIGKILL', clients * share);
        expect(killed.code).toBeNull();
      }
      const last = await cli.run(flags);
      expect({ code: last.code, stderr: last.stderr }).toMatchObject({ code: 0 });
      await expectAll(world, clients);
      const again = await cli.run(flags);
      expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining(`${clients} were issued before`) });
      expect(await liveTokens(cli)).toHaveLength(clients);
    });

    it('that runs out of space half-way keeps what was written, and is finished by another run', async () => {
      using world = await backend();
      const { cli } = world;
      prepare(world);
      const running = cli.start(paced);
      await untilWritten(cli, running, clients * 0.3);
      // From now on the system refuses it every byte.
      execFileSync('prlimit', ['--pid', String(running.process.pid), '--fsize=0:0']);
      const full = await running.outcome;
      expect({ code: full.code, stderr: full.stderr }).toMatchObject({ code: 7 });
      expect(full.stderr).toMatch(/code {2}BULK_PARTIAL/);
      const authorizer = authorizerOf(world);
      const live = new Set(await liveTokens(cli));
      for (const token of tokensOf(cli)) {
        expect((await authorizer.authorize({ token })).allowed).toBe(live.has(jtiOf(token)));
      }
      expect(live.size).toBeLessThan(clients);
      const again = await cli.run(flags);
      expect({ code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 });
      await expectAll(world, clients);
    });
  });
}

function files({ home }: BuiltCli): string[] {
  const path = join(home, OUT);
  return existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('.token')) : [];
}

/** Of the files that hold a whole one. */
function tokensOf(cli: BuiltCli): string[] {
  return files(cli)
    .map((name) => readFileSync(join(cli.home, OUT, name), 'utf8'))
    .filter((text) => text.endsWith('\n'))
    .map((text) => text.trim());
}

async function liveTokens(cli: BuiltCli): Promise<string[]> {
  const listed = await cli.json<{ readonly jti: string; readonly live: boolean }[]>(['list', '--all']);
  return listed.filter(({ live }) => live).map(({ jti }) => jti);
}

async function untilWritten(cli: BuiltCli, running: Running, count: number): Promise<void> {
  const state = { over: false };
  void running.outcome.finally(() => {
    state.over = true;
  });
  while (!state.over && files(cli).length < count) await setTimeout(2);
}

/** Sends a signal once so many files are there. */
async function stop(cli: BuiltCli, running: Running, signal: NodeJS.Signals, count: number): Promise<Outcome> {
  await untilWritten(cli, running, count);
  running.process.kill(signal);
  return running.outcome;
}

/** As many live tokens as lines, each in a file of its own that the authorizer accepts, and nothing else there. */
async function expectAll(world: LoadWorld, count: number): Promise<void> {
  const { cli } = world;
  expect(readdirSync(join(cli.home, OUT)).toSorted()).toEqual(files(cli).toSorted());
  const tokens = tokensOf(cli);
  expect(tokens).toHaveLength(count);
  const live = await liveTokens(cli);
  expect(live).toHaveLength(count);
  expect(new Set(tokens.map(jtiOf))).toEqual(new Set(live));
  const authorizer = authorizerOf(world);
  for (const token of tokens) {
    expect(await authorizer.authorize({ token })).toMatchObject({ allowed: true });
  }
}
