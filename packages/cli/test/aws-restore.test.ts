/** The restore drill on the emulator: a table is set back to what it held before, as a restored backup is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthorizer } from '@apikey/authorizer';
import { dynamoStatus } from '@apikey/authorizer/dynamodb';
import { kmsKeys } from '@apikey/authorizer/kms';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import { call } from './aws-wire.ts';

const aws = await awsForTests();
const PROD = ['--env', 'prod'];

type Item = Record<string, Record<string, unknown>>;
interface Page {
  readonly Items: Item[];
  readonly LastEvaluatedKey?: object;
}

describeOnEmulator(aws, 'a table that is restored from a backup', (endpoint) => {
  let session: AwsSession;

  beforeAll(async () => {
    session = new AwsSession();
    stubTestAws(aws, session);
    await session.init();
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    session[Symbol.dispose]();
  });

  const must = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await session.run([...argv, ...PROD]);
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  };
  const issue = async (client: string): Promise<{ token: string; jti: string }> =>
    JSON.parse(await must('issue', '--client', client, '--json')) as { token: string; jti: string };

  const scan = async (): Promise<Item[]> => {
    const all: Item[] = [];
    let from: object = {};
    for (;;) {
      const { Items, LastEvaluatedKey } = await call<Page>(endpoint, 'dynamodb', 'Scan', {
        TableName: session.table,
        ...from,
      });
      all.push(...Items);
      if (LastEvaluatedKey === undefined) return all;
      from = { ExclusiveStartKey: LastEvaluatedKey };
    }
  };
  const setBack = async (items: readonly Item[]): Promise<void> => {
    const TableName = session.table;
    for (const { pk, sk } of await scan()) {
      await call(endpoint, 'dynamodb', 'DeleteItem', { TableName, Key: { pk, sk } });
    }
    for (const item of items) await call(endpoint, 'dynamodb', 'PutItem', { TableName, Item: item });
  };

  const admitted = async (tokens: readonly string[]): Promise<string[]> => {
    const authorizer = createAuthorizer({
      issuer: 'https://api.example.gov',
      audience: 'https://api.example.gov',
      status: dynamoStatus({ table: session.table }),
      keys: kmsKeys({ allow: ['arn:aws:kms:us-east-1:111122223333:key/*'] }),
      clock: { wall: () => session.now, monotonic: () => session.now },
    });
    const verdicts = await Promise.all(tokens.map((token) => authorizer.authorize({ token })));
    return tokens.filter((_, index) => verdicts[index]?.allowed === true);
  };

  it('resurrects tokens, and `apikey restore` leaves none of them alive', async () => {
    const revoked = await issue('revoked');
    const ofClient = await issue('of-client');
    const replaced = await issue('replaced');
    const kept = await issue('kept');
    const snapshot = await scan();
    session.now += 1_000;
    await must('revoke', revoked.jti, '--yes');
    await must('clients', 'revoke', 'of-client', '--confirm', 'of-client');
    const successor = join(session.home, 'successor.token');
    await must('rotate', replaced.jti, '--grace', '0', '-o', successor, '--yes');
    const late = await issue('late');
    const file = join(session.home, 'audit.jsonl');
    await must('audit', 'export', '-o', file);
    const before = await scan();

    const dead = [revoked.token, ofClient.token, replaced.token];
    const alive = [kept.token, late.token, readFileSync(successor, 'utf8').trim()];
    expect(await admitted([...dead, ...alive])).toEqual(alive);
    await setBack(snapshot);
    expect(await admitted([...dead, ...alive])).toEqual([...dead, kept.token]);

    await must('restore', '--from', file, '--yes');
    expect(await admitted([...dead, ...alive])).toEqual(alive);
    expect((await session.run(['audit', 'verify', ...PROD])).code).toBe(0);
    // Item by item what it was; versions count commits, and several of one moment may have been put back as one.
    const comparable = (items: readonly Item[]): unknown =>
      items
        .map(({ version: _version, ...item }) => item)
        .toSorted((a, b) => JSON.stringify([a['pk'], a['sk']]).localeCompare(JSON.stringify([b['pk'], b['sk']])));
    expect(comparable(await scan())).toEqual(comparable(before));
  });
});
