/** What the registry does when the network or DynamoDB fails: real faults on the wire, before a real table. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { awsError, type WireCall, type WireFault } from '../../../tools/emulator/fault-proxy.ts';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { dynamoRegistry, dynamoStatusReader, INTERACTIVE } from '../src/aws/dynamodb/index.ts';
import { ApikeyError } from '../src/domain/errors.ts';
import { changeClient, changeRing, collect, testJti, testRecord, testRingKey } from '../src/testing/index.ts';
import { awsWorld, type AwsWorld } from './aws-world.fixture.ts';

const aws = await awsForTests();

/** Breaks the first `count` calls of one operation. */
function first(operation: string, fault: WireFault, count = 1): (call: WireCall) => WireFault | undefined {
  return (call) => (call.operation === operation && call.nth <= count ? fault : undefined);
}
function every(operation: string, fault: WireFault): (call: WireCall) => WireFault | undefined {
  return first(operation, fault, Number.POSITIVE_INFINITY);
}
function cancelled(...codes: string[]): WireFault {
  const CancellationReasons = codes.map((Code) => ({ Code, Message: 'a text of the vendor' }));
  return awsError('TransactionCanceledException', 'a text of the vendor', 400, { CancellationReasons });
}
const THROTTLED = awsError('ThrottlingException');

describeOnEmulator(aws, 'the DynamoDB registry, on a bad day', (endpoint) => {
  let world: AwsWorld;
  beforeAll(async () => {
    world = await awsWorld(aws, endpoint);
  });
  beforeEach(() => world.proxy.plan(() => undefined));
  afterAll(async () => world.stop());

  it('repeats a read that is throttled, and answers as soon as it is not', async () => {
    const registry = world.registry();
    world.proxy.plan(first('GetItem', THROTTLED, 2));
    expect(await registry.getClient('nobody')).toBeUndefined();
    expect(world.proxy.calls).toEqual(['GetItem', 'GetItem', 'GetItem']);
  });

  it('reports throttling that outlasts its patience, and never an absent client', async () => {
    world.proxy.plan(every('GetItem', THROTTLED));
    const started = performance.now();
    await expect(world.registry().getClient('nobody')).rejects.toMatchObject({
      name: 'ThrottledError',
      code: 'THROTTLED',
      why: 'ThrottlingException (dynamodb:GetItem in us-east-1)',
    });
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(world.proxy.calls.length).toBeGreaterThan(2);
  });

  it('commits once though its transaction was throttled, cancelled for throttling and failed inside of AWS', async () => {
    const registry = world.registry(INTERACTIVE);
    const faults = [awsError('ProvisionedThroughputExceededException'), cancelled('None', 'ThrottlingError')];
    world.proxy.plan(({ operation, nth }) =>
      operation === 'TransactWriteItems' ? [...faults, awsError('InternalServerError', '', 500)][nth - 1] : undefined,
    );
    await registry.commit(changeClient('throttled'));
    world.proxy.plan(() => undefined);
    expect(await registry.getClient('throttled')).toMatchObject({ version: 1 });
  });

  it('says that it lost a race when another transaction is writing the same items', async () => {
    world.proxy.plan(every('TransactWriteItems', cancelled('TransactionConflict', 'None')));
    await expect(world.registry().commit(changeClient('conflict'))).rejects.toMatchObject({
      name: 'ConflictError',
      subject: 'version',
    });
    expect(world.proxy.calls.filter((call) => call === 'TransactWriteItems')).toHaveLength(1);
  });

  it.each([
    ['ValidationError', 'STORE_REFUSED'],
    ['DuplicateItem', 'LOST_RACE'],
    ['ReplicatedWriteConflictException', 'LOST_RACE'],
    ['SomethingNew', 'UNAVAILABLE'],
  ])('names the reason of a transaction that is cancelled for %s', async (reason, code) => {
    world.proxy.plan(every('TransactWriteItems', cancelled(reason, 'None')));
    await expect(world.registry().commit(changeClient('cancelled'))).rejects.toMatchObject({
      code,
      why: `TransactionCanceledException: ${reason} (dynamodb:TransactWriteItems)`,
    });
  });

  it('commits once though a transaction was cancelled for a reason without meaning, and a put met another Region', async () => {
    const registry = world.registry(INTERACTIVE);
    world.proxy.plan(({ operation, nth }) => {
      if (nth > 1) return undefined;
      if (operation === 'TransactWriteItems') return cancelled('SomethingNew');
      return operation === 'PutItem' ? awsError('ReplicatedWriteConflictException') : undefined;
    });
    await registry.commit(changeClient('passing'));
    world.proxy.plan(() => undefined);
    expect(await registry.getClient('passing')).toMatchObject({ version: 1 });
  });

  it.each([
    ['once', 1],
    ['every time', Number.POSITIVE_INFINITY],
  ])('knows that a commit holds whose answer was lost %s', async (name, count) => {
    const registry = world.registry();
    const change = changeClient(`lost-${name.replace(' ', '-')}`);
    world.proxy.plan(first('TransactWriteItems', { kind: 'lose' }, count));
    await registry.commit(change);
    world.proxy.plan(() => undefined);
    expect(await registry.getClient(change.client.id)).toEqual(change.client);
    expect(await collect(registry.eventsOf({ kind: 'client', id: change.client.id }))).toEqual(change.events);
  });

  it('knows it even where the service has forgotten the token of the transaction', async () => {
    const registry = world.registry();
    world.proxy.plan(({ operation, nth }) => {
      if (operation !== 'TransactWriteItems') return undefined;
      return nth === 1 ? { kind: 'lose' } : cancelled('ConditionalCheckFailed', 'None');
    });
    const change = changeClient('lost-token');
    await registry.commit(change);
    expect(await registry.getClient('lost-token')).toEqual(change.client);
  });

  it('reports a lost race, and not a doubt, when somebody else has committed since the answer was lost', async () => {
    const registry = world.registry();
    const rival = changeClient('lost-race', { context: { actor: 'rival@host' } });
    world.proxy.plan(({ operation, nth }) => {
      if (operation !== 'TransactWriteItems') return undefined;
      return nth === 1 ? { kind: 'drop' } : undefined;
    });
    await dynamoRegistry({ table: world.table, client: world.direct }).commit(rival);
    await expect(registry.commit(changeClient('lost-race'))).rejects.toMatchObject({ name: 'ConflictError' });
    expect(await registry.getClient('lost-race')).toEqual(rival.client);
  });

  it('says that it does not know, where neither an answer nor a look at the registry is to be had', async () => {
    const registry = world.registry();
    const change = changeClient('unknown');
    world.proxy.plan(({ operation }) => (operation === 'PutItem' ? undefined : { kind: 'lose' }));
    const failure = { name: 'UnavailableError', code: 'UNAVAILABLE', outcome: 'unknown', retryable: true };
    await expect(registry.commit(change)).rejects.toMatchObject(failure);
    world.proxy.plan(() => undefined);
    expect(await registry.getClient('unknown')).toEqual(change.client);
  });

  it('says that it does not know, where a commit never arrived and may yet be on its way', async () => {
    const registry = world.registry();
    world.proxy.plan(every('TransactWriteItems', { kind: 'drop' }));
    await expect(registry.commit(changeClient('on-its-way'))).rejects.toMatchObject({ outcome: 'unknown' });
    expect(world.proxy.calls.filter((call) => call === 'TransactWriteItems')).toHaveLength(3);
    world.proxy.plan(() => undefined);
    expect(await registry.getClient('on-its-way')).toBeUndefined();
  });

  it('never calls a commit throttled, and so undone, of which an earlier attempt may hold', async () => {
    const registry = world.registry();
    world.proxy.plan(({ operation, nth }) => {
      if (operation === 'GetItem') return { kind: 'drop' };
      if (operation !== 'TransactWriteItems') return undefined;
      return nth === 1 ? { kind: 'lose' } : THROTTLED;
    });
    await expect(registry.commit(changeClient('lost-throttled'))).rejects.toMatchObject({ outcome: 'unknown' });
  });

  it('asks again for what a batch left unprocessed, and gives up with a fault', async () => {
    const registry = world.registry();
    const record = testRecord({ client: 'unprocessed', jti: testJti(1, 'fa') });
    const change = changeClient('unprocessed', { created: [record] });
    await registry.commit(change);
    const left: WireFault = {
      kind: 'rewrite',
      answer: (body) => {
        const { Responses } = JSON.parse(body) as { Responses: Record<string, unknown[]> };
        const Keys = [{ pk: { S: 'CLIENT#unprocessed' }, sk: { S: `TOKEN#${record.jti}` } }];
        const [client] = Responses[world.table] ?? [];
        return JSON.stringify({
          Responses: { [world.table]: [client] },
          UnprocessedKeys: { [world.table]: { Keys, ConsistentRead: true } },
        });
      },
    };
    world.proxy.plan(first('BatchGetItem', left, 2));
    expect(await registry.readStatus(record.jti, 'unprocessed')).toEqual({ record, client: change.client });
    expect(world.proxy.calls).toEqual(['BatchGetItem', 'BatchGetItem', 'BatchGetItem']);
    world.proxy.plan(every('BatchGetItem', left));
    await expect(registry.readStatus(record.jti, 'unprocessed')).rejects.toMatchObject({ name: 'ThrottledError' });
  });

  it('reads a status in one call, which an authorizer repeats by itself', async () => {
    const reader = dynamoStatusReader({ table: world.table, client: world.dynamoClient });
    world.proxy.plan(() => undefined);
    await reader.readStatus(testJti(1), 'nobody');
    expect(world.proxy.calls).toEqual(['BatchGetItem']);
    world.proxy.plan(every('BatchGetItem', THROTTLED));
    await expect(reader.readStatus(testJti(1), 'nobody')).rejects.toMatchObject({ code: 'THROTTLED' });
    expect(world.proxy.calls).toEqual(['BatchGetItem']);
  });

  it('asks nothing for names that no client and no token can have', async () => {
    const registry = world.registry();
    world.proxy.plan(() => undefined);
    const long = 'x'.repeat(3_000);
    expect(await registry.readStatus(testJti(1), '')).toEqual({ record: undefined, client: undefined });
    expect(await registry.readStatus(long, long)).toEqual({ record: undefined, client: undefined });
    expect(await registry.getClient('No Client')).toBeUndefined();
    expect(await registry.getToken('partner', long)).toBeUndefined();
    expect(await registry.findToken('not a token')).toBeUndefined();
    expect(await registry.getRequest(long)).toBeUndefined();
    expect(await collect(registry.tokensOfClient(''))).toEqual([]);
    expect(world.proxy.calls).toEqual([]);
  });

  it.each([
    ['GetItem', (at: AwsWorld) => at.registry().getClient('partner')],
    ['BatchGetItem', (at: AwsWorld) => at.registry().readStatus(testJti(1), 'partner')],
    ['Query', (at: AwsWorld) => collect(at.registry().clients())],
    ['PutItem', (at: AwsWorld) => at.registry().commit(changeClient('denied'))],
    ['TransactWriteItems', (at: AwsWorld) => at.registry().commit(changeClient('denied'))],
  ])(
    'names the caller and the permission when %s is denied, and nothing of the vendor text',
    async (operation, call) => {
      const caller = 'arn:aws:sts::111122223333:assumed-role/dev/me';
      // A transaction is allowed or denied by what it consists of.
      const action = operation === 'TransactWriteItems' ? 'dynamodb:PutItem' : `dynamodb:${operation}`;
      const text = `User: ${caller} is not authorized to perform: ${action} because no identity-based policy`;
      world.proxy.plan(every(operation, awsError('AccessDeniedException', text)));
      const error = await call(world).catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        name: 'AccessDeniedError',
        code: 'ACCESS_DENIED',
        message: 'access to the registry was denied',
        why: `AccessDeniedException for ${caller} (${action} on ${world.table})`,
      });
      expect(JSON.stringify(error)).not.toContain('identity-based');
    },
  );

  it.each([
    ['ExpiredTokenException', '', 'CREDENTIALS_MISSING'],
    ['UnrecognizedClientException', '', 'CREDENTIALS_MISSING'],
    ['InvalidSignatureException', 'The request signature we calculated does not match', 'CREDENTIALS_MISSING'],
    ['InvalidSignatureException', 'Signature expired: 20261122T000000Z is now earlier than', 'CLOCK_SKEW'],
    ['InvalidSignatureException', 'Signature not yet current: 20261122T000000Z', 'CLOCK_SKEW'],
    ['InvalidSignatureException', 'Credential should be scoped to a valid region.', 'CONFIG_INVALID'],
    ['ResourceNotFoundException', 'Requested resource not found', 'REGISTRY_NOT_FOUND'],
    ['ValidationException', 'The table does not have the specified index: by-time', 'STORE_FOREIGN'],
    ['ValidationException', 'The provided key element does not match the schema', 'STORE_FOREIGN'],
    ['ValidationException', 'something else', 'INTERNAL'],
    ['UnknownOperationException', 'An unknown operation was requested.', 'CONFIG_INVALID'],
    ['SomethingNewException', 'something new', 'INTERNAL'],
  ])('translates %s (%s)', async (name, message, code) => {
    world.proxy.plan(({ operation }) => (operation === 'DescribeTable' ? undefined : awsError(name, message)));
    const error = await world
      .registry()
      .getClient('partner')
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApikeyError);
    expect(error).toMatchObject({ code, cause: expect.anything() });
    if (message !== '' && error instanceof ApikeyError) {
      expect(`${error.message} ${error.why} ${error.fix}`).not.toContain(message);
    }
  });

  it('takes no answer of a stranger for one of AWS', async () => {
    for (const [status, body] of [
      [200, '<html>sign in to the guest network</html>'],
      [502, 'bad gateway'],
      [403, '<html>forbidden by the proxy</html>'],
      [404, ''],
      [503, ''],
    ] as const) {
      world.proxy.plan(() => ({ kind: 'answer', status, body }));
      const error = await world
        .registry()
        .getClient('partner')
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ApikeyError);
      expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'something answered that is not AWS' });
    }
  });

  it('never takes an answer without content for an absent token', async () => {
    for (const body of ['', '{}', '{"UnprocessedKeys":{}}']) {
      world.proxy.plan(every('BatchGetItem', { kind: 'answer', status: 200, body }));
      await expect(world.registry().readStatus(testJti(1), 'partner')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
  });

  it('leaves a call at once when its caller gives up, with the reason of the caller', async () => {
    world.proxy.plan(() => ({ kind: 'hang' }));
    const reason = new Error('the caller has left');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    await expect(world.registry().readStatus(testJti(1), 'partner', controller.signal)).rejects.toBe(reason);
    await expect(world.registry().readKeyRing(AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('waits for an answer no longer than it may', async () => {
    world.proxy.plan(() => ({ kind: 'hang' }));
    const started = performance.now();
    await expect(world.registry().getClient('partner')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('refuses a change that is too large for one transaction before anything is sent', async () => {
    const created = Array.from({ length: 34 }, (_, n) => testRecord({ client: 'large', jti: testJti(n, 'fb') }));
    world.proxy.plan(() => undefined);
    await expect(world.registry().commit(changeClient('large', { created }))).rejects.toThrow(
      'a change of 104 items: DynamoDB commits at most 100, so split it',
    );
    expect(world.proxy.calls).toEqual([]);
  });

  it('announces a day and a month before the first commit that needs them, and once', async () => {
    const registry = world.registry();
    world.proxy.plan(() => undefined);
    const record = testRecord({ client: 'announced', jti: testJti(1, 'fc') });
    const change = changeClient('announced', { created: [record] });
    await registry.commit(change);
    await registry.commit(changeClient('announced', { before: change.client }));
    await registry.commit(changeRing([testRingKey()], { name: 'announced' }));
    expect(world.proxy.calls).toEqual([
      'PutItem',
      'PutItem',
      'TransactWriteItems',
      'TransactWriteItems',
      'TransactWriteItems',
    ]);
  });

  it('reports an endpoint at which nobody listens within seconds, before and after a write', async () => {
    const client = new DynamoDBClient({
      region: aws.region,
      endpoint: 'http://127.0.0.1:1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });
    const registry = dynamoRegistry({ table: 'nowhere', client });
    const started = performance.now();
    const failure = {
      code: 'UNAVAILABLE',
      outcome: 'not_applied',
      why: expect.stringContaining('no answer from 127.0.0.1:1 (ECONNREFUSED'),
    };
    await expect(registry.getClient('partner')).rejects.toMatchObject(failure);
    await expect(registry.commit(changeClient('partner'))).rejects.toMatchObject(failure);
    expect(performance.now() - started).toBeLessThan(5_000);
    client.destroy();
  });
});
