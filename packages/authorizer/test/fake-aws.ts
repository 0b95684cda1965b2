/** The calls of an authorizer, answered over HTTP for a scripted world: real sockets, and no emulator needed. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { clientItem, ringItem, tokenItem } from '../../shared/src/aws/dynamodb/items.ts';
import type { TestKey, World } from './world.ts';

export const TABLE = 'apikey-test';
const ACCOUNT_KEYS = 'arn:aws:kms:us-east-1:111122223333:key';
export const ALLOW: string = `${ACCOUNT_KEYS}/*`;

export interface FakeAws extends AsyncDisposable {
  /** Endpoint, Region and credentials for a child process. */
  readonly env: Readonly<Record<string, string>>;
  /** Operations in the order in which they came. */
  readonly calls: readonly string[];
  /** The items that were put, in the order in which they came. */
  readonly written: readonly object[];
  /** Connections that are open at this moment. */
  connections(): Promise<number>;
  /** Every call fails from now on, or none does. */
  break(broken: boolean): void;
}

/** The ARN under which a world's key is found. */
function keyArn({ kid }: Pick<TestKey, 'kid'>): string {
  return `${ACCOUNT_KEYS}/${kid.replaceAll(/[^a-zA-Z0-9-]/g, '0')}`;
}

/** Puts the ring entry of a key where the fake KMS finds it. */
export function putInKms(world: World, key: TestKey = world.key): void {
  world.addKey(key, 'active', { ref: keyArn(key) });
  world.publicKeys.set(keyArn(key), key.publicKey);
}

export async function startFakeAws(world: World): Promise<FakeAws> {
  const calls: string[] = [];
  const written: object[] = [];
  let broken = false;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
    calls.push(operation);
    const input = await read(request);
    if (input.Item !== undefined && !broken) written.push(input.Item);
    const found = broken ? undefined : answer(world, operation, input);
    const [status, body] = found === undefined ? [500, { __type: 'InternalServerError' }] : [200, found];
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    void handle(request, response);
  });
  const port = await listen(server);
  return {
    env: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    calls,
    written,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
      ),
    break: (is) => {
      broken = is;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Input {
  readonly Key?: { readonly pk: { readonly S: string } };
  readonly Item?: object;
  readonly KeyId?: string;
  readonly RequestItems?: Readonly<
    Record<string, { readonly Keys: readonly { readonly sk: { readonly S: string } }[] }>
  >;
}

function answer(world: World, operation: string, { KeyId = '', RequestItems }: Input): object | undefined {
  if (operation === 'GetItem') return { Item: ringItem(world.ring()) };
  if (operation === 'PutItem') return {};
  if (operation === 'BatchGetItem') {
    const keys = Object.values(RequestItems ?? {}).flatMap(({ Keys }) => Keys);
    const items = keys.flatMap((key) => itemsAt(world, key));
    return { Responses: { [TABLE]: items }, UnprocessedKeys: {} };
  }
  const key = world.publicKeys.get(KeyId);
  if (operation !== 'GetPublicKey' || key === undefined) return undefined;
  const PublicKey = key.export({ format: 'der', type: 'spki' }).toString('base64');
  return { KeyId, KeyUsage: 'SIGN_VERIFY', KeySpec: 'ECC_NIST_P256', PublicKey };
}

/** One client is enough here: `pk` names it, `sk` says which of its items. */
function itemsAt(world: World, { sk }: { readonly sk: { readonly S: string } }): object[] {
  const record = world.records.get(sk.S.replace('TOKEN#', ''));
  const client = world.clients.get('partner');
  if (sk.S === 'CLIENT') return client === undefined ? [] : [clientItem(client)];
  return record === undefined ? [] : [tokenItem(record, 400 * 86_400)];
}

async function read(request: IncomingMessage): Promise<Input> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString()) as Input;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return address.port;
}
