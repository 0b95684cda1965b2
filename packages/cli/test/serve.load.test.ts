/** `apikey serve` under load: no wrong answer, no growth, and bodies that are larger than its memory. */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { BuiltCli, sized } from './built-cli.ts';
import { ask, startBackend, startServe } from './gateway-world.ts';
import { findTool } from './required-tools.ts';

interface Issued {
  readonly token: string;
  readonly jti: string;
}

const MIB = 1_048_576;
const wrk = findTool('wrk');

/** Kilobytes of a process, where the system tells. */
function memoryOf(pid: number | undefined, field: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1]) * 1024;
}

describe.skipIf(wrk.path === '')(`forward-auth under wrk${wrk.absence}`, () => {
  const SECONDS = sized(10, 120);
  /** What V8 may keep beyond the first seconds, which is nothing that comes with the number of requests. */
  const MAX_GROWTH = 64 * MIB;

  /** Asks with all tokens in turn, and counts what comes back. */
  const SCRIPT = `
    local tokens, next, main = {}, 0, nil
    for line in io.lines("tokens.txt") do tokens[#tokens + 1] = line end
    allowed, denied, other = 0, 0, 0
    function setup(thread) main = thread end
    function request()
      next = next % #tokens + 1
      return wrk.format("GET", "/authorize", { ["Authorization"] = "Bearer " .. tokens[next] })
    end
    function response(status)
      if status == 200 then allowed = allowed + 1 elseif status == 401 then denied = denied + 1 else other = other + 1 end
    end
    function done(summary)
      local errors = summary.errors
      io.stderr:write(string.format('{"allowed":%d,"denied":%d,"other":%d,"errors":%d}', main:get("allowed"),
        main:get("denied"), main:get("other"), errors.connect + errors.read + errors.write + errors.timeout))
    end`;

  async function load(cli: BuiltCli, url: string): Promise<Record<string, number>> {
    writeFileSync(join(cli.home, 'load.lua'), SCRIPT);
    const child = spawn(wrk.path, ['-t1', '-c24', `-d${SECONDS}s`, '-s', 'load.lua', url], {
      cwd: cli.home,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [written] = await Promise.all([child.stderr.toArray(), once(child, 'close')]);
    return JSON.parse(written.join('')) as Record<string, number>;
  }

  it(
    `gives no wrong answer while a token is revoked every second, for ${SECONDS} s`,
    { timeout: 900_000 },
    async () => {
      // Where V8 may be lazy, memory tells of its laziness: with a small heap it tells of what is kept.
      using cli = new BuiltCli({ NODE_OPTIONS: '--max-old-space-size=64 --max-semi-space-size=4' });
      const tokens: Issued[] = [];
      for (let n = 0; n < SECONDS + 4; n += 1) {
        tokens.push(await cli.json<Issued>(['issue', '--client', `client-${n % 4}`]));
      }
      writeFileSync(join(cli.home, 'tokens.txt'), tokens.map(({ token }) => `${token}\n`).join(''));
      await using gateway = await startServe(cli);
      const { pid } = gateway.running.process;

      /** By jti, on this process's clock: when its revocation was begun, and when it had returned. */
      const revoked = new Map<string, { readonly begun: number; returned: number }>();
      const wrong: string[] = [];
      const state = { over: false };
      const loaded = load(cli, gateway.url).finally(() => (state.over = true));

      const watch = async (offset: number): Promise<number> => {
        const agent = new Agent({ keepAlive: true });
        let answers = 0;
        for (let n = offset; !state.over; n += 1) {
          const { token, jti } = tokens[n % tokens.length] ?? expect.fail('no token');
          const begun = performance.now();
          const { status } = await ask(gateway.url, { path: '/authorize', token, agent });
          const { begun: from = Number.POSITIVE_INFINITY, returned = Number.POSITIVE_INFINITY } =
            revoked.get(jti) ?? {};
          const right = status === 200 ? begun < returned : status === 401 && performance.now() > from;
          if (!right) wrong.push(`${status} for ${jti}`);
          answers += 1;
        }
        agent.destroy();
        return answers;
      };
      const revoke = async (): Promise<number> => {
        const memory: number[] = [];
        for (const { jti } of tokens.slice(0, -4)) {
          if (state.over) break;
          const times = { begun: performance.now(), returned: Number.POSITIVE_INFINITY };
          revoked.set(jti, times);
          await cli.json(['revoke', jti, '--yes']);
          times.returned = performance.now();
          memory.push(memoryOf(pid, 'VmRSS'));
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1_000 - (times.returned - times.begun))));
        }
        const [warm = 0, last = 0] = [memory[2], memory.at(-1)];
        return last - warm;
      };
      const [counts, growth, ...answers] = await Promise.all([loaded, revoke(), watch(0), watch(7)]);

      expect(wrong).toEqual([]);
      expect(counts).toMatchObject({ other: 0, errors: 0 });
      expect(counts['allowed']).toBeGreaterThan(0);
      expect(counts['denied']).toBeGreaterThan(0);
      expect(revoked.size).toBeGreaterThan(2);
      for (const count of answers) expect(count).toBeGreaterThan(tokens.length);
      expect(growth).toBeLessThan(MAX_GROWTH);
      gateway.running.process.kill('SIGTERM');
      expect(await gateway.running.outcome).toMatchObject({ code: 0, stderr: '' });
    },
  );
});

describe('a body larger than memory', () => {
  /** More than the memory that may be used, so that a body which was kept would show. */
  const SIZE = sized(160, 1_024) * MIB;
  const PART = randomBytes(65_536);

  /** The same part again and again. */
  function* parts(): Generator<Buffer> {
    for (let sent = 0; sent < SIZE; sent += PART.length) yield PART;
  }

  /** Reads slower than the other side writes, so that whoever stands between has to wait. */
  async function digest(stream: AsyncIterable<Buffer>): Promise<string> {
    const hash = createHash('sha256');
    let unread = 0;
    for await (const chunk of stream) {
      hash.update(chunk);
      unread += chunk.length;
      if (unread < MIB) continue;
      unread = 0;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return hash.digest('hex');
  }

  it(`of ${SIZE / MIB} MiB streams through in both directions in less than 100 MiB`, { timeout: 900_000 }, async () => {
    using cli = new BuiltCli();
    const { token } = await cli.json<Issued>(['issue', '--client', 'partner']);
    await using backend = await startBackend((incoming, response) => {
      if (incoming.method === 'GET') Readable.from(parts()).pipe(response);
      else void digest(incoming).then((hex) => response.end(hex));
    });
    await using gateway = await startServe(cli, ['--upstream', backend.url]);
    const { pid } = gateway.running.process;
    await ask(gateway.url, { method: 'PUT', token, body: 'small' });
    const before = memoryOf(pid, 'VmRSS');
    const expected = await digest(Readable.from(parts()));

    const length = { 'content-length': String(SIZE) };
    const up = await ask(gateway.url, { method: 'PUT', token, headers: length, body: Readable.from(parts()) });
    expect(up.body).toBe(expected);
    const sent = request(gateway.url, { headers: { authorization: `Bearer ${token}` } }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    expect(await digest(answer)).toBe(expected);
    expect(memoryOf(pid, 'VmHWM') - before).toBeLessThan(100 * MIB);
  });
});
