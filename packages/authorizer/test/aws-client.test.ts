/** The prebuilt function's small clients beside the SDK's: the same endpoints and requests, the same errors by name. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createRequire } from 'node:module';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dynamoClient, dynamoStatus } from '../src/dynamodb/index.ts';
import { DynamoDBClient, GetItemCommand } from '../src/function/aws-client/dynamodb.ts';
import { endpointOf } from '../src/function/aws-client/endpoint.ts';
import { GetPublicKeyCommand, KMSClient } from '../src/function/aws-client/kms.ts';

const SETTINGS = { requestHandler: { connectionTimeout: 300 } };
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const RING = { TableName: 'apikey-test', Key: { pk: { S: 'RING#main' }, sk: { S: 'RING' } }, ConsistentRead: true };
const never = { abortSignal: new AbortController().signal };

interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let seen: Seen[];
let answer: { status: number; body: string; headers?: Record<string, string> };
const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    seen.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
});

beforeEach(async () => {
  [seen, answer] = [[], { status: 200, body: '{}' }];
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const variables = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-gov-west-1',
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_SESSION_TOKEN: 'session/token+of=aws',
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

describe('a request', () => {
  test('asks as the SDK asks, and signs all that matters', async () => {
    await dynamoStatus({ table: 'apikey-test' }).readKeyRing();
    await new DynamoDBClient(SETTINGS).send(new GetItemCommand(RING), never);
    const [theirs, ours] = seen;
    expect(JSON.parse(ours?.body ?? '')).toEqual(JSON.parse(theirs?.body ?? ''));
    for (const name of ['host', 'content-type', 'x-amz-target', 'x-amz-security-token']) {
      expect(ours?.headers[name]).toBe(theirs?.headers[name]);
    }
    expect(ours?.headers.authorization).toContain(
      'SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,',
    );
    expect(ours?.headers.authorization).not.toContain(CREDENTIALS.secretAccessKey);
  });

  test('goes over one connection that is kept', async () => {
    const connections = new Set<unknown>();
    server.on('connection', (socket) => connections.add(socket));
    const client = new DynamoDBClient(SETTINGS);
    for (let count = 0; count < 3; count++) await client.send(new GetItemCommand(RING), never);
    expect(connections.size).toBe(1);
    client.destroy();
  });

  test('of a public key yields its bytes', async () => {
    answer = { status: 200, body: JSON.stringify({ KeyId: 'arn', PublicKey: 'AQID' }) };
    const found = await new KMSClient(SETTINGS).send(new GetPublicKeyCommand({ KeyId: 'arn' }), never);
    expect(found).toEqual({ KeyId: 'arn', PublicKey: Buffer.from([1, 2, 3]) });
    expect(seen[0]?.headers['x-amz-target']).toBe('TrentService.GetPublicKey');
  });
});

describe('an endpoint', () => {
  const require = createRequire(new URL('../../shared/package.json', import.meta.url));
  const { KMSClient: SdkKms } = require('@aws-sdk/client-kms') as {
    KMSClient: new (settings: object) => Pick<ReturnType<typeof dynamoClient>, 'config'>;
  };
  const REGIONS = ['us-east-1', 'eu-central-2', 'cn-north-1', 'us-gov-east-1', 'us-iso-east-1', 'us-isob-east-1'];
  const MORE = ['us-isof-south-1', 'eu-isoe-west-1', 'eusc-de-east-1', 'ap-southeast-7', 'us-gov-west-1'];

  test.each([...REGIONS, ...MORE])('in %s is the one that the SDK finds, with FIPS and dual stack', (Region) => {
    const kms = new SdkKms({ region: Region });
    for (const UseFIPS of [false, true]) {
      for (const UseDualStack of [false, true]) {
        const variables = { AWS_USE_FIPS_ENDPOINT: String(UseFIPS), AWS_USE_DUALSTACK_ENDPOINT: String(UseDualStack) };
        const asked = { Region, UseFIPS, UseDualStack };
        const theirs = [dynamoClient({ region: Region }), kms].map((client) =>
          urlOr(() => client.config.endpointProvider(asked).url),
        );
        const ours = (['dynamodb', 'kms'] as const).map((service) =>
          urlOr(() => endpointOf(service, Region, variables)),
        );
        expect({ ...asked, urls: ours }).toEqual({ ...asked, urls: theirs });
      }
    }
  });

  test('is the one of the variables, the own one of a service first, unless they are to be ignored', () => {
    const variables = { AWS_ENDPOINT_URL: 'http://all.test', AWS_ENDPOINT_URL_KMS: 'http://kms.test:1' };
    const ignored = { ...variables, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' };
    expect(endpointOf('kms', 'us-east-1', variables).host).toBe('kms.test:1');
    expect(endpointOf('dynamodb', 'us-east-1', variables).host).toBe('all.test');
    expect(endpointOf('kms', 'us-east-1', ignored).href).toBe('https://kms.us-east-1.amazonaws.com/');
    expect(() => endpointOf('kms', 'evil.test/', {})).toThrow(TypeError);
  });
});

describe('what is no answer', () => {
  const ask = (): Promise<unknown> => new DynamoDBClient(SETTINGS).send(new GetItemCommand(RING), never);

  test.each([
    [
      'the name that the service gives it',
      400,
      '{"__type":"com.amazon.coral#ThrottlingException","message":"slow"}',
      'ThrottlingException',
    ],
    ['a name with an address behind it', 400, '{"__type":"ThrottlingException:http://x"}', 'ThrottlingException'],
    ['no name', 503, '{}', 'UnknownError'],
    ['no JSON', 502, '<html>', 'UnknownError'],
    ['JSON of another kind', 200, '[]', 'UnknownError'],
    ['nothing', 200, '', 'UnknownError'],
  ])('is an error by %s', async (_, status, body, name) => {
    answer = { status, body };
    await expect(ask()).rejects.toMatchObject({ name, $metadata: { httpStatusCode: status } });
  });

  test('is an error by the name in the header, where the body has none', async () => {
    answer = { status: 403, body: '{}', headers: { 'x-amzn-errortype': 'AccessDeniedException:http://x' } };
    await expect(ask()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  test('is an error without credentials, without a Region, and without a server', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', '');
    await expect(ask()).rejects.toMatchObject({ name: 'CredentialsProviderError' });
    vi.stubEnv('AWS_REGION', '');
    await expect(new DynamoDBClient(SETTINGS).config.region()).rejects.toThrow(/Region/);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
    await expect(ask()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(seen).toEqual([]);
  });

  test('is an error once the caller gives up', async () => {
    const silent = createTcpServer(() => {});
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const address = silent.address();
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
    const controller = new AbortController();
    silent.once('connection', () => controller.abort(new Error('enough')));
    const asked = new DynamoDBClient(SETTINGS).send(new GetItemCommand(RING), { abortSignal: controller.signal });
    await expect(asked).rejects.toThrow(/abort/i);
    silent.close();
  });
});

/** Not every combination exists. */
function urlOr(find: () => URL): string {
  try {
    return find().href;
  } catch {
    return 'none';
  }
}
