/** Deploys both templates of infra/ as CloudFormation stacks, the function from its built zip. */
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { putObject } from './emulator-calls.ts';
import { dropIdentitySources, remakeIndex, withoutMetricMath } from './emulator-differences.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const ZIP = join(ROOT, 'packages', 'authorizer', 'dist-function', 'apikey-authorizer.zip');
const SCHEDULED_ZIP = join(ROOT, 'packages', 'cli', 'dist-functions', 'apikey-functions.zip');
const BUCKET = 'apikey-e2e';
const STACK_TIMEOUT = 120_000;

export const ISSUER = 'https://api.example.gov';
export const AUDIENCE = 'https://api.example.gov';

/** `plans:read` opens GET, `plans:write` opens POST; a live token alone opens /whoami, and nothing opens the rest. */
const ROUTES = [
  { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
  { method: 'POST', path: '/plans/*', scopes: ['plans:write'] },
  { method: 'GET', path: '/whoami', scopes: [] },
];

export interface Deployment {
  readonly table: string;
  readonly alias: string;
  readonly function: string;
  /** Where notices go; empty without the functions that run on a schedule. */
  readonly topic: string;
  readonly restApi: string;
  readonly httpApi: string;
}

export interface Choices {
  /** Seconds for which both APIs reuse an answer. */
  readonly resultTtl: number;
  readonly trackUsage?: boolean;
  /** The functions that run on a schedule too. */
  readonly scheduled?: boolean;
}

/** One environment with its own table, and both APIs before it. */
export async function deploy(endpoint: string, name: string, choices: Choices): Promise<Deployment> {
  await putObject(endpoint, BUCKET, 'function.zip', await readFile(ZIP));
  await putObject(endpoint, BUCKET, 'functions.zip', await readFile(SCHEDULED_ZIP));
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new CloudFormationClient({ endpoint, region: 'us-east-1', credentials });
  try {
    const deployment = await deployStacks(client, name, choices);
    await remakeIndex(endpoint, deployment.table);
    if (choices.resultTtl === 0) await dropIdentitySources(endpoint, deployment.httpApi);
    return deployment;
  } finally {
    client.destroy();
  }
}

async function deployStacks(client: CloudFormationClient, name: string, choices: Choices): Promise<Deployment> {
  const resultTtl = String(choices.resultTtl);
  const table = `apikey-${name}`;
  const alias = `alias/apikey-${name}`;
  const registry = await createStack(client, `apikey-${name}`, 'template.yaml', {
    EnvironmentName: name,
    TableName: table,
    KeysAlias: alias,
    CodeBucket: BUCKET,
    CodeKey: 'function.zip',
    Issuer: ISSUER,
    Audience: AUDIENCE,
    Routes: JSON.stringify(ROUTES),
    GatewayResultTtl: resultTtl,
    // Where nothing is said, what the template itself takes for granted.
    ...(choices.scheduled === true ? { ScheduledCodeKey: 'functions.zip', SealParameter: `/${name}/seal` } : {}),
    ...(choices.trackUsage === undefined ? {} : { TrackUsage: choices.trackUsage ? 'yes' : 'no' }),
  });
  const authorizer = output(registry, 'AuthorizerArn');
  const apis = await createStack(client, `apikey-${name}-api`, 'example-api.yaml', {
    Name: `apikey-${name}-api`,
    AuthorizerArn: authorizer,
    ResultTtl: resultTtl,
  });
  return {
    table,
    alias,
    function: authorizer.split(':').at(-1) ?? '',
    topic: registry.get('NoticeTopicArn') ?? '',
    restApi: output(apis, 'RestApiId'),
    httpApi: output(apis, 'HttpApiId'),
  };
}

type Outputs = ReadonlyMap<string | undefined, string | undefined>;

function output(outputs: Outputs, key: string): string {
  const value = outputs.get(key);
  if (value === undefined) throw new Error(`the stack has no output ${key}`);
  return value;
}

async function createStack(
  client: CloudFormationClient,
  name: string,
  template: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Outputs> {
  await client.send(
    new CreateStackCommand({
      StackName: name,
      TemplateBody: withoutMetricMath(await readFile(join(ROOT, 'infra', template), 'utf8')),
      Capabilities: ['CAPABILITY_IAM'],
      Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
    }),
  );
  const deadline = Date.now() + STACK_TIMEOUT;
  while (Date.now() < deadline) {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    if (stack?.StackStatus === 'CREATE_COMPLETE') {
      return new Map(stack.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
    }
    if (stack?.StackStatus !== 'CREATE_IN_PROGRESS') {
      throw new Error(`${name} is ${stack?.StackStatus}: ${await whatFailed(client, name)}`);
    }
    await sleep(200);
  }
  throw new Error(`${name} was not made in time`);
}

async function whatFailed(client: CloudFormationClient, name: string): Promise<string> {
  const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName: name }));
  return StackEvents.flatMap(({ ResourceStatusReason: reason }) => reason ?? []).join('; ');
}
