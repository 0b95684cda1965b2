import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createAuthorizer, nodeMiddleware, type Authorizer } from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import { describe, expect, it } from 'vitest';
import { BuiltCli, seededNumbers, sized, type Outcome } from './built-cli.ts';

const RIVALS = sized(8, 50);
const KILLS = sized(8, 200);
const BULK_KILLS = sized(2, 40);

interface Issued {
  readonly token: string;
  readonly jti: string;
}

interface Listed {
  readonly jti: string;
  readonly client: string;
  readonly state: string;
  readonly live: boolean;
  readonly expiresAt: string;
  readonly liveUntil: string;
  readonly replacedBy: string | null;
}

const issue = (cli: BuiltCli, client: string): Promise<Issued> => cli.json(['issue', '--client', client]);
const listed = (cli: BuiltCli): Promise<Listed[]> => cli.json(['list', '--all']);
const jtiOf = (token: string): string => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti;

/** An authorizer that keeps no status, so that each decision sees the registry as it is. */
const authorizerOf = ({ dataDir }: BuiltCli, ringAge = 60): Authorizer =>
  createAuthorizer({
    issuer: 'https://apikey.localhost',
    audience: 'https://api.localhost',
    status: localStatus({ dataDir }),
    keys: localKeys({ dataDir }),
    maxStaleness: { keys: ringAge },
  });

const accepts = async (authorizer: Authorizer, token: string): Promise<boolean> =>
  (await authorizer.authorize({ token })).allowed;

async function runAndKill(cli: BuiltCli, args: readonly string[], afterMillis: number): Promise<Outcome> {
  const running = cli.start(args);
  const timer = globalThis.setTimeout(() => running.process.kill('SIGKILL'), afterMillis);
  const outcome = await running.outcome;
  clearTimeout(timer);
  return outcome;
}

/** About how long a command takes here and now: kills are spread over a little more than that. */
async function durationOf(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

/** A run that is repeated until it is done; refused means that an earlier one was. */
async function finish(cli: BuiltCli, args: readonly string[]): Promise<Outcome> {
  const outcome = await cli.run(args);
  const done = outcome.code === 0 || (outcome.code === 5 && outcome.stderr.includes('ALREADY_ISSUED'));
  expect({ done, stderr: outcome.stderr }).toMatchObject({ done: true });
  return outcome;
}

describe(`${RIVALS} processes that rotate one token at once`, () => {
  it('have one winner; the others end with 5, and sign and deliver nothing', async () => {
    using cli = new BuiltCli();
    const old = await issue(cli, 'partner');
    const outcomes = await Promise.all(Array.from({ length: RIVALS }, () => cli.run(['rotate', old.jti])));
    const [winner, ...others] = outcomes.toSorted((a, b) => (a.code ?? 99) - (b.code ?? 99));
    expect(winner).toMatchObject({ code: 0, stdout: expect.stringMatching(/^eyJ\S+\n$/) });
    for (const { code, stdout, stderr } of others) {
      expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
      expect(stderr).toMatch(/code {2}WRONG_STATE/);
    }
    const records = await listed(cli);
    expect(records.map(({ state, live }) => ({ state, live }))).toEqual([
      { state: 'active', live: true },
      { state: 'active', live: true },
    ]);
    expect(records.find(({ jti }) => jti === old.jti)?.replacedBy).toBe(jtiOf(winner?.stdout ?? ''));
  });
});

describe('two admins who activate a key at once', () => {
  const states = async (cli: BuiltCli): Promise<string[]> =>
    (await cli.json<{ readonly state: string }[]>(['keys', 'list'])).map(({ state }) => state).toSorted();

  it('have one winner where it is the same key, and one active key in the end where it is not', async () => {
    using cli = new BuiltCli();
    await issue(cli, 'partner');
    const { kid } = await cli.json<{ readonly kid: string }>(['keys', 'create']);
    const activate = (key: string): Promise<Outcome> => cli.run(['keys', 'activate', key, '--now', '--yes']);
    const same = await Promise.all([activate(kid), activate(kid), activate(kid)]);
    expect(same.map(({ code }) => code ?? 99).toSorted((a, b) => a - b)).toEqual([0, 5, 5]);
    expect(await states(cli)).toEqual(['active', 'retiring']);
    const made = [
      await cli.json<{ kid: string }>(['keys', 'create']),
      await cli.json<{ kid: string }>(['keys', 'create']),
    ];
    const different = await Promise.all(made.map((key) => activate(key.kid)));
    expect(different.map(({ code }) => code)).toEqual([0, 0]);
    expect(await states(cli)).toEqual(['active', 'retiring', 'retiring', 'retiring']);
  });
});

describe(`${KILLS} kills at random moments of rotate`, () => {
  // Two halves at once, each in a world of its own: most of the time one waits for the process that it will kill.
  it.concurrent.each([
    { half: 'one', seed: 8 },
    { half: 'the other', seed: 10 },
  ])(
    'leave the old token until the new one is delivered, nothing accepted that is not listed, and a rerun completes ($half half)',
    async ({ seed }) => {
      const kills = KILLS / 2;
      using cli = new BuiltCli();
      const authorizer = authorizerOf(cli);
      const random = seededNumbers(seed);
      let current = await issue(cli, 'partner');
      const typical = await durationOf(async () => {
        const { token, jti } = await cli.json<Issued>(['rotate', current.jti]);
        current = { token, jti };
      });
      const seen: string[] = [];
      let cut = 0;
      for (let n = 0; n < kills; n += 1) {
        // Every other one ends the old token at once, so that whoever holds neither would be locked out.
        const file = n % 2 === 0 ? undefined : `${n}.token`;
        const where = file === undefined ? [] : ['--grace', '0', '-o', file, '--force', '--yes'];
        const args = ['rotate', current.jti, '--request-id', `CHG-${n}`, ...where];
        const killed = await runAndKill(cli, args, random() * typical * 1.2);
        if (killed.code !== 0) cut += 1;
        const deliveredBy = ({ stdout }: Outcome): string => {
          if (file === undefined) return stdout.endsWith('\n') ? stdout.trim() : '';
          const path = join(cli.home, file);
          return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
        };
        const early = deliveredBy(killed);
        if (early !== '') seen.push(early);
        const earlyLives = early !== '' && (await accepts(authorizer, early));
        const record = (await listed(cli)).find(({ jti }) => jti === current.jti) ?? expect.fail('not listed');
        if (record.liveUntil !== record.expiresAt || !record.live) expect(earlyLives).toBe(true);
        else expect(await accepts(authorizer, current.token)).toBe(true);
        if (killed.code === 0) expect(earlyLives).toBe(true);

        const rerun = await finish(cli, args);
        const token = rerun.code === 0 ? deliveredBy(rerun) : early;
        expect(await accepts(authorizer, token)).toBe(true);
        expect(await accepts(authorizer, current.token)).toBe(file === undefined);
        seen.push(token);
        current = { token, jti: jtiOf(token) };
      }
      const live = new Set((await listed(cli)).filter((record) => record.live).map(({ jti }) => jti));
      for (const token of seen) if (await accepts(authorizer, token)) expect(live).toContain(jtiOf(token));
      expect(cut).toBeGreaterThan(kills / 4);
    },
  );

  it.concurrent(`of all tokens at once (${BULK_KILLS}): the next run goes on, and every client has its new token in its file`, async () => {
    using cli = new BuiltCli();
    const authorizer = authorizerOf(cli);
    const random = seededNumbers(7);
    const olds = new Map<string, Issued>();
    for (let n = 0; n < 6; n += 1) olds.set(`client-${n}`, await issue(cli, `client-${n}`));
    const args = ['rotate', '--all', '--expiring-within', '91d', '--ttl', '100d', '--out-dir', 'new', '--yes', '-q'];
    const typical = await durationOf(() => cli.run([...args, '--dry-run']));
    for (let n = 0; n < BULK_KILLS; n += 1) {
      await runAndKill(cli, args, typical * (0.3 + random() * 1.5));
      for (const { token } of olds.values()) expect(await accepts(authorizer, token)).toBe(true);
    }
    const last = await cli.run(args);
    expect(last).toMatchObject({ code: 0, stdout: '' });
    const files = readdirSync(join(cli.home, 'new')).filter((name) => name.endsWith('.token') && !name.startsWith('.'));
    expect(files.toSorted()).toEqual([...olds].map(([client, { jti }]) => `${client}-${jti}.token`).toSorted());
    for (const file of files) {
      expect(await accepts(authorizer, readFileSync(join(cli.home, 'new', file), 'utf8').trim())).toBe(true);
    }
    const records = await listed(cli);
    for (const client of olds.keys()) {
      const current = records.filter((record) => record.client === client && record.live && record.replacedBy === null);
      expect(current).toHaveLength(1);
    }
  });
});

describe('under constant load from 5 clients', () => {
  it('every token and then the signing key are rotated, and no request with a then-valid token fails', async () => {
    using cli = new BuiltCli();
    const clients = ['a', 'b', 'c', 'd', 'e'];
    const current = new Map<string, string>();
    for (const client of clients) current.set(client, (await issue(cli, client)).token);
    const rotateAll = async (): Promise<void> => {
      for (const client of clients) {
        const { token } = await cli.json<Issued>(['rotate', '--client', client, '--grace', '1h']);
        current.set(client, token);
      }
    };
    const guard = nodeMiddleware(authorizerOf(cli, 1));
    const api = createServer((request, response) => guard(request, response, () => response.end('plans')));
    const load = await startLoad(api, current);
    try {
      for (let round = 0; round < sized(1, 5); round += 1) {
        await rotateAll();
        // The ten minutes of a new key, cut to what this authorizer needs: it reads the ring every second.
        await cli.json(['keys', 'rotate']);
        await setTimeout(1_200);
        await cli.json(['keys', 'rotate', '--now']);
        await rotateAll();
      }
    } finally {
      await load.stop();
    }
    expect(load.failures).toEqual([]);
    expect(load.requests()).toBeGreaterThan(sized(50, 250));
    const keys = await cli.json<{ readonly state: string; readonly liveTokens: number }[]>(['keys', 'list']);
    expect(keys.at(-1)).toMatchObject({ state: 'active', liveTokens: 5 });
  });
});

interface Load {
  readonly failures: readonly string[];
  readonly requests: () => number;
  readonly stop: () => Promise<void>;
}

/** Ten requests a second from each client, with the token that it holds at that moment. */
async function startLoad(api: Server, current: ReadonlyMap<string, string>): Promise<Load> {
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  const { port } = api.address() as AddressInfo;
  const failures: string[] = [];
  const open = new Set<Promise<void>>();
  let requests = 0;
  const ask = async (client: string, token: string): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${token}` } });
    requests += 1;
    if (response.status !== 200) failures.push(`${client} ${jtiOf(token)}: ${response.status}`);
    await response.text();
  };
  const timers = [...current.keys()].map((client) =>
    setInterval(() => {
      const asked = ask(client, current.get(client) ?? '').catch((error: unknown) => void failures.push(String(error)));
      open.add(asked);
      void asked.finally(() => open.delete(asked));
    }, 100),
  );
  return {
    failures,
    requests: () => requests,
    stop: async () => {
      timers.forEach(clearInterval);
      await Promise.all(open);
      api.close();
      api.closeAllConnections();
    },
  };
}
