/** No token is found in what AWS keeps either: table, parameters, and versions of secrets but the one that was meant. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { awsForTests, describeOnEmulator } from '../../../tools/emulator/testing.ts';
import { call } from './aws-wire.ts';
import { stubTestAws } from './aws-session.ts';
import { tellStory } from './canary-story.ts';
import { CanaryWorld } from './canary-world.ts';
import { Session } from './session.ts';

const aws = await awsForTests();

interface Page {
  readonly Items: readonly object[];
  readonly LastEvaluatedKey?: object;
}

describeOnEmulator(aws, 'every command on AWS', (endpoint) => {
  const table = `canary-${randomUUID()}`;
  const [secret, other] = [`${table}/api`, `${table}/other`];
  const parameter = `/${table}/token`;
  let session: Session;
  let world: CanaryWorld;
  let kept = '';
  /** What went into the secret and the parameter, in turn. */
  const delivered: string[] = [];

  const scan = async (): Promise<string> => {
    const pages: string[] = [];
    let from: object | undefined;
    do {
      const input = { TableName: table, ...(from === undefined ? {} : { ExclusiveStartKey: from }) };
      const page: Page = await call(endpoint, 'dynamodb', 'Scan', input);
      pages.push(JSON.stringify(page.Items));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return pages.join('\n');
  };
  const versions = async (name: string): Promise<Map<string, string>> => {
    const { Versions } = await call<{ Versions: { VersionId: string; VersionStages?: string[] }[] }>(
      endpoint,
      'secretsmanager',
      'ListSecretVersionIds',
      { SecretId: name, IncludeDeprecated: true },
    );
    const values = new Map<string, string>();
    for (const { VersionId, VersionStages = [] } of Versions) {
      const { SecretString } = await call<{ SecretString: string }>(endpoint, 'secretsmanager', 'GetSecretValue', {
        SecretId: name,
        VersionId,
      });
      values.set(VersionStages.join() || 'none', SecretString);
    }
    return values;
  };
  const current = async (): Promise<string> => {
    const { SecretString } = await call<{ SecretString: string }>(endpoint, 'secretsmanager', 'GetSecretValue', {
      SecretId: secret,
    });
    const { token }: { token: string } = JSON.parse(SecretString);
    return token;
  };
  const inParameter = async (): Promise<string> => {
    const input = { Name: parameter, WithDecryption: true };
    const { Parameter } = await call<{ Parameter: { Value: string } }>(endpoint, 'ssm', 'GetParameter', input);
    return Parameter.Value;
  };
  /** A command that puts a token into a store, which is looked up there, and nowhere else, afterwards. */
  const deliver = async (look: () => Promise<string>, ...args: readonly string[]): Promise<void> => {
    await world.run([...args, '--debug']);
    const token = await look();
    delivered.push(token);
    world.canaries.add(token);
  };

  beforeAll(async () => {
    session = new Session();
    stubTestAws(aws, session);
    world = new CanaryWorld(aws.env, session);
    world.write(
      'apikey.toml',
      `env = "prod"\n[envs.prod]\nregistry = "dynamodb:${table}"\nkeys = "awskms:alias/${table}"\n` +
        'issuer = "https://api.example.gov"\naudience = "https://api.example.gov"\n',
    );
    ({ token: kept } = await tellStory(world, { iamCode: 0, reconcile: [['--lookup'], 'any'] }));
    for (const name of [secret, other]) {
      await call(endpoint, 'secretsmanager', 'CreateSecret', { Name: name, SecretString: '{"other":"value"}' });
    }
    const to = `secretsmanager:${secret}#token`;
    await deliver(current, 'issue', '--client', 'stored', '--to', to);
    await deliver(current, 'rotate', '--client', 'stored', '--grace', '1h', '--to', to);
    await deliver(inParameter, 'issue', '--client', 'parameter', '--to', `ssm:${parameter}`);
    for (const wrong of [`secretsmanager:${kept}`, `secretsmanager:${other}#${kept}`, `ssm:/${kept}`]) {
      await world.run(['issue', '--client', 'wrong', '--to', wrong, '--dry-run', '--debug'], { code: 'any' });
    }
    await world.run(['doctor', '--json', '--debug'], { code: 'any' });
  }, 600_000);
  afterAll(() => {
    world[Symbol.dispose]();
    session[Symbol.dispose]();
    vi.unstubAllEnvs();
  });

  it('leaves no token in streams, logs, answers and files', () => {
    world.searchFiles('at the end');
    expect(world.verdict()).toEqual({ hits: [], blind: false });
  });

  it('leaves none in the table, where a search finds one that is planted', async () => {
    const items = await scan();
    expect(items).toContain('payloadSha256');
    expect(world.canaries.search(items)).toEqual([]);
    const item = { pk: { S: 'USAGE#planted' }, sk: { S: 'USAGE' }, note: { S: `x ${kept}` } };
    await call(endpoint, 'dynamodb', 'PutItem', { TableName: table, Item: item });
    expect(world.canaries.search(await scan())).toContain('the whole of token 1');
  });

  it('keeps a delivered token in the version that was meant, and the one before it in the version before', async () => {
    const [first, second, third] = delivered;
    const held = await versions(secret);
    expect([...held.keys()].toSorted()).toEqual(['AWSCURRENT', 'AWSPREVIOUS', 'none']);
    // What the secret held before there was a token.
    expect(JSON.parse(held.get('none') ?? '')).toEqual({ other: 'value' });
    expect(JSON.parse(held.get('AWSCURRENT') ?? '')).toEqual({ other: 'value', token: second });
    expect(JSON.parse(held.get('AWSPREVIOUS') ?? '')).toEqual({ other: 'value', token: first });
    expect(world.canaries.search(JSON.stringify([...(await versions(other))]))).toEqual([]);
    const described = await call(endpoint, 'secretsmanager', 'DescribeSecret', { SecretId: secret });
    expect(world.canaries.search(JSON.stringify(described))).toEqual([]);
    expect(await inParameter()).toBe(third);
    const { Parameters } = await call<{ Parameters: { Name: string }[] }>(endpoint, 'ssm', 'GetParametersByPath', {
      Path: `/${table}`,
      Recursive: true,
    });
    expect(Parameters.map(({ Name }) => Name)).toEqual([parameter]);
  });
});
