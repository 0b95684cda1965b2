/** What the templates make, compared with what the command line makes, prints and finds. */
// oxlint-disable vitest/expect-expect -- `settle` asserts
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tableSpec } from '../../packages/shared/src/aws/dynamodb/table-spec.ts';
import { awsForTests, describeOnEmulator } from '../emulator/testing.ts';
import { settle } from './cases.ts';
import { emulatorCall, policyDocument } from './emulator-calls.ts';
import { makeWorld, type World } from './world.ts';

const aws = await awsForTests();
const TTL = 30;

test('the table of the template is the one that `apikey init` makes', () => {
  const template = readFileSync(new URL('../../infra/template.yaml', import.meta.url), 'utf8');
  const block = /^ {2}Table:\n((?: {4}.*\n)+)/m.exec(template)?.[1] ?? '';
  const properties = block.replaceAll(/^ *#.*\n/gm, '');
  expect(properties).toBe(tableAsTemplate());
});

describeOnEmulator(aws, 'what is deployed', (endpoint) => {
  let world: World;

  beforeAll(async () => {
    world = await makeWorld(aws, endpoint, 'facts', { resultTtl: TTL });
  });
  afterAll(async () => {
    await world?.stop();
  });

  test.for(['issuer', 'revoker', 'auditor', 'authorizer', 'sealer'])(
    'the policy of the template is the one that `apikey iam` prints: %s',
    async (role, { task }) => {
      const { stdout } = await world.cli.run(['iam', role, '-q']);
      const deployed = await policyDocument(endpoint, `apikey-facts-${role}`);
      expect(deployed).toEqual(JSON.parse(stdout));
      settle(task, { api: 'IAM', name: `policy of the ${role}`, expected: 'as printed', seen: 'as printed' });
    },
  );

  test('`apikey init` and `apikey doctor` find nothing to change in a deployed environment', async ({ task }) => {
    const { created } = await world.cli.json<{ created: boolean }>(['init', '--yes']);
    settle(task, {
      api: 'CLI',
      name: 'init once more',
      expected: 'nothing made',
      seen: created ? 'made something' : 'nothing made',
    });
    const { code } = await world.cli.run(['doctor']);
    settle(task, { api: 'CLI', name: 'doctor', expected: 'exit 0', seen: `exit ${code}` });
  });

  test('`apikey doctor --api` adds up what is deployed', async ({ task }) => {
    const { restApi, httpApi } = world.deployment;
    for (const [api, id] of [
      ['REST', restApi],
      ['HTTP', httpApi],
    ] as const) {
      const { code, findings, revocationSeconds } = await doctor(world, id);
      expect(findings).toEqual([]);
      const seen = `exit ${code}, ${revocationSeconds} s`;
      settle(task, { api, name: `doctor --api, ${TTL} s`, expected: `exit 0, ${TTL + 2} s`, seen });
    }
  });

  test('`apikey doctor --api` warns of an API that nobody gave a result TTL, and of a cache key without the route', async ({
    task,
  }) => {
    const { restApi, httpApi } = world.deployment;
    const rest = Object(await list(endpoint, `/restapis/${restApi}/authorizers`, 'item'));
    await change(endpoint, `/restapis/${restApi}/authorizers/${rest.id}`, {
      patchOperations: [{ op: 'replace', path: '/authorizerResultTtlInSeconds', value: '300' }],
    });
    const left = await doctor(world, restApi);
    settle(task, {
      api: 'REST',
      name: 'doctor --api, 300 s',
      expected: 'exit 11, 302 s: ttl ttl',
      seen: inShort(left),
    });
    const http = Object(await list(endpoint, `/v2/apis/${httpApi}/authorizers`, 'items'));
    await change(endpoint, `/v2/apis/${httpApi}/authorizers/${http.authorizerId}`, {
      identitySource: ['$request.header.Authorization'],
    });
    const bare = await doctor(world, httpApi);
    const expected = 'exit 11, 32 s: cache-key cache-key cache-key cache-key';
    settle(task, { api: 'HTTP', name: 'doctor --api, token as the only key', expected, seen: inShort(bare) });
  });

  test('`apikey doctor --api` says that there is no such API', async ({ task }) => {
    const seen = inShort(await doctor(world, 'abcd1234'));
    settle(task, { api: 'none', name: 'doctor --api', expected: 'exit 11, null s: api', seen });
  });
});

interface Report {
  readonly code: number | null;
  readonly revocationSeconds: number | null;
  readonly findings: readonly { readonly name: string; readonly what: string }[];
}

async function doctor({ cli }: World, id: string): Promise<Report> {
  const { code, stdout, stderr } = await cli.run(['doctor', '--api', id, '--json']);
  expect(stderr).toBe('');
  const report: { revocationSeconds: number | null; checks: { name: string; what: string; ok: boolean | null }[] } =
    JSON.parse(stdout);
  return {
    code,
    revocationSeconds: report.revocationSeconds,
    findings: report.checks.filter(({ ok }) => ok === false),
  };
}

function inShort({ code, revocationSeconds, findings }: Report): string {
  return `exit ${code}, ${revocationSeconds} s: ${findings.map(({ name }) => name).join(' ')}`;
}

/** The table of `tableSpec`, written as the template has it. */
function tableAsTemplate(): string {
  const { keys, index, billing, ttlAttribute, tags } = tableSpec('TABLE', { 'apikey:environment': 'ENV' });
  const names = [keys.partition, keys.sort, index.partition, index.sort];
  const schema = (key: { partition: string; sort: string }, indent: string): string[] => [
    `${indent}- { AttributeName: ${key.partition}, KeyType: HASH }`,
    `${indent}- { AttributeName: ${key.sort}, KeyType: RANGE }`,
  ];
  const values = new Map([
    ['TABLE', 'TableName'],
    ['ENV', 'EnvironmentName'],
  ]);
  return [
    '    Type: AWS::DynamoDB::Table',
    '    Condition: MakesTable',
    '    DeletionPolicy: Retain',
    '    UpdateReplacePolicy: Retain',
    '    Properties:',
    '      TableName: !Ref TableName',
    `      BillingMode: ${billing}`,
    '      DeletionProtectionEnabled: true',
    '      PointInTimeRecoverySpecification:',
    '        PointInTimeRecoveryEnabled: true',
    '      AttributeDefinitions:',
    ...names.map((name) => `        - { AttributeName: ${name}, AttributeType: S }`),
    '      KeySchema:',
    ...schema(keys, '        '),
    '      GlobalSecondaryIndexes:',
    `        - IndexName: ${index.name}`,
    '          KeySchema:',
    ...schema(index, '            '),
    `          Projection: { ProjectionType: ${index.projection} }`,
    '      TimeToLiveSpecification:',
    `        AttributeName: ${ttlAttribute}`,
    '        Enabled: true',
    '      Tags:',
    ...Object.entries(tags).map(([key, value]) => `        - { Key: '${key}', Value: !Ref ${values.get(value)} }`),
    '',
  ].join('\n');
}

async function list(endpoint: string, path: string, member: string): Promise<unknown> {
  const answer: object = Object(JSON.parse(await emulatorCall(endpoint + path, 'apigateway', {})));
  const items: unknown = Reflect.get(answer, member);
  return Array.isArray(items) ? items[0] : undefined;
}

async function change(endpoint: string, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await emulatorCall(endpoint + path, 'apigateway', { method: 'PATCH', headers, body: JSON.stringify(body) });
}
