/**
 * Write access to the registry makes no token that no signature gave: whatever is written there, no command makes a token
 * whose client, scopes, audience or lifetime are more than the command or a signed grant says.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DisableKeyCommand, EnableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { randomUUID } from 'node:crypto';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { dynamoRegistry, planTable, tableSetup, tableSpec } from '../src/aws/dynamodb/index.ts';
import { kmsKeyProvider } from '../src/aws/kms/index.ts';
import { ApikeyError, SEAL_RING } from '../src/domain/index.ts';
import { localKeyProvider, openLocalRegistry } from '../src/local/index.ts';
import { memoryKeys, temporaryDirectory } from '../src/testing/index.ts';
import { delay } from './aws-world.fixture.ts';
import { COMMANDS, type Command } from './forgery/commands.ts';
import { editsOf, type Forgery } from './forgery/edits.ts';
import { FORGERIES } from './forgery/forgeries.ts';
import { EVIL_AUDIENCE, EVIL_SCOPE, providerSigner } from './forgery/kit.ts';
import { dynamoRaw, sqliteRaw, text } from './forgery/raw-registry.ts';
import { newRealm, tryForgery, type Realm } from './forgery/realm.ts';

const LONG = process.env['APIKEY_TEST_LONG'] === '1';
const aws = await awsForTests();

/** A generator that is the same in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

interface Trial {
  readonly forgery: Forgery;
  readonly command: Command;
}

/** So many trials: first forgeries that agree with themselves, most of them with a command that they aim at, then edits. */
function trialsOf(realm: Realm, count: number, random: () => number): Trial[] {
  const mixed = <T>(values: readonly T[]): T[] =>
    values
      .map((value) => ({ value, place: random() }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ value }) => value);
  const pairs = (forgeries: readonly Forgery[], isAimed: boolean): Trial[] =>
    mixed(
      forgeries.flatMap((forgery) =>
        COMMANDS.filter(({ name }) => (forgery.aim?.test(name) ?? true) === isAimed).map((command) => ({
          forgery,
          command,
        })),
      ),
    );
  const aimed = FORGERIES.filter(({ aim }) => aim !== undefined);
  return [
    ...pairs(aimed, true).slice(0, count * 0.6),
    ...pairs(aimed, false).slice(0, count * 0.03),
    ...pairs(
      FORGERIES.filter(({ aim }) => aim === undefined),
      true,
    ).slice(0, count * 0.07),
    ...pairs(editsOf(realm.honest, realm.kit), true),
  ].slice(0, count);
}

interface Outcome {
  readonly tried: number;
  readonly tokens: number;
  readonly refused: number;
  readonly excesses: readonly string[];
  readonly bugs: readonly string[];
  readonly leaks: readonly string[];
}

async function tryAll(realm: Realm, trials: readonly Trial[]): Promise<Outcome> {
  let [tried, tokens, refused] = [0, 0, 0];
  const [excesses, bugs, leaks]: [string[], string[], string[]] = [[], [], []];
  for (const { forgery, command } of trials) {
    const name = `${forgery.name} / ${command.name}`;
    const verdict = await tryForgery(realm, forgery, command);
    if (!verdict.forged) continue;
    tried += 1;
    tokens += verdict.tokens;
    excesses.push(...verdict.excesses.map((excess) => `${name}: ${excess}`));
    const { error } = verdict;
    if (error === undefined) continue;
    if (!(error instanceof ApikeyError)) {
      bugs.push(`${name}: ${error instanceof Error ? error.message : text(error)}`);
      continue;
    }
    if (error.code === 'INTERNAL') bugs.push(`${name}: ${error.message}`);
    if (error.code === 'GRANT_NOT_VERIFIED') refused += 1;
    // A client's policy only narrows, and is named where it refuses.
    const said = error.code === 'SCOPE_NOT_ALLOWED' ? '' : JSON.stringify([error.message, error.why, error.fix]);
    if (said.includes(EVIL_SCOPE) || said.includes(EVIL_AUDIENCE)) leaks.push(`${name}: ${said}`);
  }
  return { tried, tokens, refused, excesses, bugs, leaks };
}

/** What a command does in the honest registry: most of what is tried below would make a token there. */
async function honestCommands(realm: Realm): Promise<Record<string, string>> {
  const made: Record<string, string> = {};
  for (const command of COMMANDS) {
    const { tokens, excesses, error } = await tryForgery(realm, undefined, command);
    expect(excesses).toEqual([]);
    made[command.name] =
      error instanceof ApikeyError ? error.code : text(error instanceof Error ? error.message : String(tokens));
  }
  return made;
}

const HONEST = expect.objectContaining({
  'issue again what was resumed before': '1',
  'issue again what was cut short': '1',
  'issue for the first time': '1',
  'issue the file again': '3',
  'rotate the live token {}': '1',
  'rotate the claimed token {}': 'WRONG_STATE',
  'rotate the claimed token {"takeOver":true}': '1',
  'rotate the retiring token {}': '1',
  'rotate the revokedKey token {}': 'WRONG_STATE',
  'rotate the disabledKey token {}': 'WRONG_STATE',
  'rotate the rekeyed token {}': 'WRONG_STATE',
  'rotate the expired token {}': 'WRONG_STATE',
  'rotate again what was cut short': '1',
  'rotate the one token of a client': '1',
  'activate what CHG-77 made': '0',
  'activate what CHG-78 made': '0',
  'activate what ROT-1 made': '0',
  'activate what bulk-2 made': '0',
  'restore into an empty registry': '0',
});

function describeForgeries(name: string, open: () => Promise<Realm>, atLeast: number): void {
  describe(`a registry that was tampered with, ${name}`, () => {
    let realm: Realm;
    beforeAll(async () => {
      realm = await open();
    });
    afterAll(async () => {
      realm.raw.close();
      await realm.kit.deps.registry.close();
    });

    it('lets every command do what it was asked for as long as nobody tampers', async () => {
      expect(await honestCommands(realm)).toEqual(HONEST);
    });

    it('makes no token that is more than its command or a signed grant', { timeout: 900_000 }, async () => {
      const trials = trialsOf(realm, Math.ceil(atLeast * 1.05) + 5, numbers(20_261_128));
      const outcome = await tryAll(realm, trials);
      expect(outcome.excesses).toEqual([]);
      expect(outcome.bugs).toEqual([]);
      expect(outcome.leaks).toEqual([]);
      expect(outcome.tried).toBeGreaterThanOrEqual(atLeast);
      // Not because nothing was made, nor because nothing was refused.
      expect(outcome.tokens).toBeGreaterThan(outcome.tried / 10);
      expect(outcome.refused).toBeGreaterThan(outcome.tried / 10);
    });
  });
}

const directory = temporaryDirectory();
afterAll(() => directory.remove());

describeForgeries(
  'in SQLite',
  async () => {
    const dataDir = join(directory.path, 'data');
    const registry = openLocalRegistry({ dataDir, create: true });
    // Made with its first commit.
    await registry.readKeyRing();
    const keys = localKeyProvider({ dataDir });
    return newRealm(
      {
        registry,
        keys,
        raw: sqliteRaw(dataDir),
        foreignKeys: memoryKeys(),
        sealKeys: memoryKeys(),
        disable: async (ref) => {
          const copy = join(directory.path, 'copy');
          cpSync(dataDir, copy, { recursive: true });
          await keys.disable(ref);
          return providerSigner({ keys: localKeyProvider({ dataDir: copy }) }, '', ref).sign;
        },
      },
      numbers(1),
    );
  },
  LONG ? 12_000 : 2_000,
);

describeOnEmulator(aws, 'on the emulator', (endpoint) => {
  describeForgeries(
    'in DynamoDB',
    async () => {
      const common = { region: aws.region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, endpoint };
      const table = `forged-${randomUUID()}`;
      const [dynamo, kms] = [new DynamoDBClient(common), new KMSClient(common)];
      const setup = tableSetup({ table, client: dynamo }, delay);
      for (const step of planTable(undefined)) await setup.apply(step, tableSpec(table));
      const keys = kmsKeyProvider({ aliasBase: `alias/${table}`, client: kms });
      return newRealm(
        {
          registry: dynamoRegistry({ table, client: dynamo }),
          keys,
          raw: dynamoRaw(endpoint, aws.region, table),
          foreignKeys: kmsKeyProvider({ aliasBase: `alias/other-${table}`, client: kms }),
          sealKeys: kmsKeyProvider({ aliasBase: `alias/${table}`, ring: SEAL_RING, client: kms }),
          disable: async (ref) => {
            await keys.disable(ref);
            return async (input) => {
              await kms.send(new EnableKeyCommand({ KeyId: ref }));
              const { signature } = await keys.sign(ref, 'ES256', input);
              await kms.send(new DisableKeyCommand({ KeyId: ref }));
              return signature;
            };
          },
        },
        numbers(2),
      );
    },
    LONG ? 600 : 40,
  );
});
