/** Rotations into a secret that is being read: whenever it is, it holds a live token. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthorizer, type Authorizer } from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { call } from './aws-wire.ts';
import { BuiltCli, seededNumbers, sized, type Outcome } from './built-cli.ts';

const aws = await awsForTests();
const ROTATIONS = sized(4, 20);
const KILLS = sized(3, 10);
const RIVALS = sized(3, 8);

describeOnEmulator(aws, 'a secret that a reader polls', (endpoint) => {
  let cli: BuiltCli;
  let authorizer: Authorizer;
  let made = 0;

  beforeAll(async () => {
    cli = new BuiltCli(aws.env);
    await cli.json(['issue', '--client', 'warm-up']);
    authorizer = createAuthorizer({
      issuer: 'https://apikey.localhost',
      audience: 'https://api.localhost',
      status: localStatus({ dataDir: cli.dataDir }),
      keys: localKeys({ dataDir: cli.dataDir }),
    });
  });
  afterAll(() => cli[Symbol.dispose]());

  const newSecret = async (value: string): Promise<string> => {
    made += 1;
    const Name = `load/${process.pid}-${made}`;
    await call(endpoint, 'secretsmanager', 'CreateSecret', { Name, SecretString: value });
    return Name;
  };
  const read = async (SecretId: string): Promise<string> =>
    (await call<{ SecretString: string }>(endpoint, 'secretsmanager', 'GetSecretValue', { SecretId })).SecretString;
  const accepts = async (token: string): Promise<boolean> => (await authorizer.authorize({ token })).allowed;
  const succeed = ({ code, stdout, stderr }: Outcome): void =>
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });

  interface Reader {
    readonly seen: ReadonlySet<string>;
    readonly failures: readonly string[];
    readonly reads: () => number;
    readonly stop: () => Promise<void>;
  }

  /** Reads the secret again and again, and asks the authorizer about every token that it holds. */
  const startReader = (secret: string, tokensIn: (value: string) => readonly string[]): Reader => {
    const seen = new Set<string>();
    const failures: string[] = [];
    const stopping = new AbortController();
    let reads = 0;
    const poll = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        const value = await read(secret);
        reads += 1;
        for (const token of tokensIn(value)) {
          seen.add(token);
          if (await accepts(token)) continue;
          // It may have ended right after it was read; it must not while it is what readers get.
          if (tokensIn(await read(secret)).includes(token)) failures.push(`read ${reads}: ${token.slice(-8)}`);
        }
        await sleep(5);
      }
    };
    const polling = poll();
    return {
      seen,
      failures,
      reads: () => reads,
      stop: async () => {
        stopping.abort();
        await polling;
      },
    };
  };

  it(`holds a live token at every moment of ${ROTATIONS} rotations, with grace and without`, async () => {
    const secret = await newSecret('none');
    const to = ['--client', 'polled', '--to', `secretsmanager:${secret}`, '-q'];
    succeed(await cli.run(['issue', ...to]));
    const reader = startReader(secret, (value) => [value]);
    for (let n = 0; n < ROTATIONS; n += 1) {
      succeed(await cli.run(['rotate', ...to, '--grace', n % 2 === 0 ? '0' : '1h', '--yes']));
    }
    await reader.stop();
    expect(reader.failures).toEqual([]);
    expect(reader.seen.size).toBeGreaterThan(ROTATIONS / 2);
    expect(reader.reads()).toBeGreaterThan(ROTATIONS * 2);
  });

  it(`holds a live token after each of ${KILLS} kills in a rotation, and the same request finishes it`, async () => {
    const secret = await newSecret('{"keep":1}');
    const to = ['--client', 'killed', '--to', `secretsmanager:${secret}#token`, '-q'];
    const tokenIn = (value: string): string => (JSON.parse(value) as { token: string }).token;
    succeed(await cli.run(['issue', ...to]));
    const started = performance.now();
    succeed(await cli.run(['rotate', ...to, '--grace', '0', '--yes']));
    const typical = performance.now() - started;
    const random = seededNumbers(8);
    const reader = startReader(secret, (value) => [tokenIn(value)]);
    let cut = 0;
    for (let n = 0; n < KILLS; n += 1) {
      const before = tokenIn(await read(secret));
      const args = ['rotate', ...to, '--grace', '0', '--yes', '--request-id', `CHG-${n}`];
      const running = cli.start(args);
      const timer = setTimeout(() => running.process.kill('SIGKILL'), typical * (0.4 + 0.7 * random()));
      const outcome = await running.outcome;
      clearTimeout(timer);
      if (outcome.code !== 0) cut += 1;
      expect(await accepts(tokenIn(await read(secret)))).toBe(true);
      succeed(await cli.run(args));
      const after = tokenIn(await read(secret));
      expect([await accepts(before), await accepts(after), before === after]).toEqual([false, true, false]);
    }
    await reader.stop();
    expect(reader.failures).toEqual([]);
    expect(cut).toBeGreaterThan(KILLS / 4);
    expect(JSON.parse(await read(secret))).toMatchObject({ keep: 1 });
  });

  it(`keeps the tokens of ${RIVALS} clients that are rotated at once, each in its member`, async () => {
    const secret = await newSecret('{}');
    const clients = Array.from({ length: RIVALS }, (_, n) => `rival-${n}`);
    const to = (client: string): string[] => ['--client', client, '--to', `secretsmanager:${secret}#${client}`, '-q'];
    for (const client of clients) succeed(await cli.run(['issue', ...to(client)]));
    const tokensIn = (value: string): string[] => Object.values(JSON.parse(value));
    const reader = startReader(secret, tokensIn);
    const before = tokensIn(await read(secret));
    const outcomes = await Promise.all(clients.map((client) => cli.run(['rotate', ...to(client), '--grace', '1h'])));
    outcomes.forEach(succeed);
    await reader.stop();
    expect(reader.failures).toEqual([]);
    const after = tokensIn(await read(secret));
    expect(after).toHaveLength(RIVALS);
    expect(after.filter((token) => before.includes(token))).toEqual([]);
    for (const token of after) expect(await accepts(token)).toBe(true);
  });
});
