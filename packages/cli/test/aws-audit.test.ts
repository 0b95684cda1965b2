/** `apikey audit` on DynamoDB: what somebody changes in the table, with every permission for it, shows. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { AwsSession, stubTestAws } from './aws-session.ts';
import { call } from './aws-wire.ts';

const aws = await awsForTests();

type Attribute = object;

describeOnEmulator(aws, 'apikey audit on DynamoDB', (endpoint) => {
  let session: AwsSession;
  let jti: string;
  const put = (pk: string, sk: string, name: string, value: Attribute): Promise<object> =>
    call(endpoint, 'dynamodb', 'UpdateItem', {
      TableName: session.table,
      Key: { pk: { S: pk }, sk: { S: sk } },
      UpdateExpression: 'SET #name = :value',
      ExpressionAttributeNames: { '#name': name },
      ExpressionAttributeValues: { ':value': value },
    });
  const remove = (pk: string, sk: string): Promise<object> =>
    call(endpoint, 'dynamodb', 'DeleteItem', { TableName: session.table, Key: { pk: { S: pk }, sk: { S: sk } } });
  const audit = (...argv: readonly string[]) => session.run(['audit', ...argv, '--env', 'prod']);
  const found = async (): Promise<
    readonly { kind: string; aggregate: string; subject: string | null; seq: number }[]
  > => {
    const { code, stdout, stderr } = await audit('verify', '--json');
    expect({ code, stderr }).toEqual({ code: 11, stderr: '' });
    const report: { findings: Awaited<ReturnType<typeof found>> } = JSON.parse(stdout);
    return report.findings;
  };

  beforeEach(async () => {
    session = new AwsSession();
    stubTestAws(aws, session);
    await session.init();
    ({ jti } = await session.issue('--client', 'partner', '--env', 'prod'));
    await session.issue('--client', 'zenith', '--env', 'prod', '--request-id', 'run/1');
  });
  afterEach(() => {
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });

  it('finds nothing in a table that nobody touched, nor in its export', async () => {
    expect(await audit('verify')).toMatchObject({ code: 0, stderr: '' });
    const file = join(session.home, 'audit.jsonl');
    expect(await audit('export', '-o', file, '-q')).toMatchObject({ code: 0 });
    await session.issue('--client', 'partner', '--env', 'prod');
    expect(await audit('export', '-o', file, '--append', '-q')).toMatchObject({ code: 0 });
    const { code, stdout } = await audit('verify', '--from', file, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ aggregates: 3, events: 10, records: 3 });
    expect((await audit('list', '--client', 'zenith')).stdout.split('\n')).toHaveLength(4);
  });

  it('names the event, the record, the client and the key that were edited', async () => {
    await put('EVENTS#CLIENT#partner', '000000000002', 'actor', { S: 'arn:aws:iam::111122223333:user/else' });
    await put(`CLIENT#zenith`, 'CLIENT', 'epoch', { N: '0' });
    await put(`CLIENT#partner`, `TOKEN#${jti}`, 'scopes', { L: [{ S: 'admin' }] });
    expect(await found()).toEqual([
      expect.objectContaining({ aggregate: 'client:partner', kind: 'event_hash', seq: 2 }),
      expect.objectContaining({ aggregate: 'client:partner', kind: 'grant_unproven', seq: 2, subject: jti }),
      expect.objectContaining({ aggregate: 'client:partner', kind: 'state_differs', subject: jti }),
      expect.objectContaining({ aggregate: 'client:zenith', kind: 'state_differs', subject: 'zenith' }),
    ]);
  });

  it('finds an event, a record and a client that were removed', async () => {
    await remove('EVENTS#CLIENT#partner', '000000000003');
    await remove('CLIENT#partner', `TOKEN#${jti}`);
    await remove('CLIENT#zenith', 'CLIENT');
    expect(await found()).toEqual([
      expect.objectContaining({ aggregate: 'client:partner', kind: 'record_missing', subject: jti }),
      expect.objectContaining({ aggregate: 'client:partner', kind: 'head_differs' }),
      expect.objectContaining({ aggregate: 'client:zenith', kind: 'aggregate_missing' }),
    ]);
  });

  it.each<[string, Attribute]>([
    ['parameterHash', { S: 'f'.repeat(64) }],
    ['jti', { S: '00000000-0000-4000-8000-000000000000' }],
    ['createdAt', { N: '1' }],
    ['exp', { N: '4000000000' }],
  ])('finds a request of which %s was edited', async (name, value) => {
    await put('REQUEST#run/1', 'REQUEST', name, value);
    expect(await found()).toEqual([
      expect.objectContaining({ aggregate: 'client:zenith', kind: 'request_differs', subject: 'run/1' }),
    ]);
  });

  it('finds a request that was removed, planted, or given to another client', async () => {
    const key = { pk: { S: 'REQUEST#run/1' }, sk: { S: 'REQUEST' } };
    const { Item: item } = await call<{ Item: Record<string, Attribute> }>(endpoint, 'dynamodb', 'GetItem', {
      TableName: session.table,
      Key: key,
    });
    const plant = (id: string, client: string): Promise<object> =>
      call(endpoint, 'dynamodb', 'PutItem', {
        TableName: session.table,
        Item: {
          ...item,
          pk: { S: `REQUEST#${id}` },
          id: { S: id },
          client: { S: client },
          bucket: { S: 'REQUESTS' },
          position: { S: `${client}#${id}` },
        },
      });
    await remove('REQUEST#run/1', 'REQUEST');
    await plant('run/2', 'zenith');
    await plant('run/3', 'unheard-of');
    const kinds = (await found()).map(({ aggregate, kind, subject }) => [aggregate, kind, subject]);
    expect(kinds).toEqual([
      ['client:unheard-of', 'request_unexplained', 'run/3'],
      ['client:zenith', 'request_missing', 'run/1'],
      ['client:zenith', 'request_unexplained', 'run/2'],
    ]);
    await remove('REQUEST#run/2', 'REQUEST');
    await remove('REQUEST#run/3', 'REQUEST');
    await plant('run/1', 'partner');
    expect((await found()).map(({ aggregate, kind, subject }) => [aggregate, kind, subject])).toEqual([
      ['client:partner', 'request_unexplained', 'run/1'],
      ['client:zenith', 'request_differs', 'run/1'],
    ]);
    // What the index does not list no check can find without a scan: nothing is signed for it.
    await plant('run/1', 'zenith');
    await put('REQUEST#run/5', 'REQUEST', 'id', { S: 'run/5' });
    for (const name of ['parameterHash', 'jti', 'client', 'createdAt', 'exp'] as const) {
      await put('REQUEST#run/5', 'REQUEST', name, item[name] ?? {});
    }
    expect(await audit('verify')).toMatchObject({ code: 0 });
    const used = await session.run(['issue', '--client', 'zenith', '--env', 'prod', '--request-id', 'run/5']);
    expect(used).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('ALREADY_ISSUED') });
  });

  it.each(['1', '3', '99'])('finds that the version of a client was set to %s', async (version) => {
    await put('CLIENT#zenith', 'CLIENT', 'version', { N: version });
    expect(await found()).toContainEqual(expect.objectContaining({ aggregate: 'client:zenith', subject: 'zenith' }));
  });

  it('goes on behind items that cannot be read', async () => {
    await put('CLIENT#partner', 'CLIENT', 'epoch', { S: 'one' });
    await put('CLIENT#partner', `TOKEN#${jti}`, 'exp', { BOOL: true });
    await put('EVENTS#CLIENT#zenith', '000000000002', 'detail', { S: '{' });
    const findings = await found();
    expect(findings.filter(({ kind }) => kind !== 'damaged')).toEqual([]);
    expect(findings.map(({ aggregate, subject, seq }) => [aggregate, subject, seq])).toEqual([
      // The lists of clients, events and tokens end at them; the chains behind are found all the same.
      ['registry', null, null],
      ['registry', null, null],
      ['registry', null, null],
      ['client:partner', 'partner', null],
      ['client:partner', jti, null],
      ['client:zenith', null, 2],
    ]);
  });
});
