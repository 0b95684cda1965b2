/** DynamoDB and KMS for one table and one key, over HTTP on loopback: answers at once, and checks nothing. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { KeyProvider } from '@apikey/shared';
import { updated, type ItemUpdate } from '../bulk/updates.ts';

export const TABLE = 'apikey-bench';
const ACCOUNT_KEYS = 'arn:aws:kms:us-east-1:111122223333:key';
export const ALLOW: string = `${ACCOUNT_KEYS}/*`;

type Item = Record<string, AttributeValue>;

export interface Endpoint extends Disposable {
  /** Endpoint, Region and credentials, for a process that uses the AWS SDK. */
  readonly env: Readonly<Record<string, string>>;
  /** The key provider whose public halves `GetPublicKey` answers. */
  readonly keys: KeyProvider;
}

interface Input {
  readonly Key: Item;
  readonly Item: Item;
  readonly KeyId: string;
  readonly RequestItems: Readonly<Record<string, { readonly Keys: readonly Item[] }>>;
  readonly TransactItems: readonly { readonly Put?: { readonly Item: Item }; readonly Update?: ItemUpdate }[];
}

export async function startEndpoint(): Promise<Endpoint> {
  const items = new Map<string, Item>();
  const pairs = new Map<string, { readonly publicKey: KeyObject; readonly privateKey: KeyObject }>();
  const pair = (ref: string): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } => {
    const found = pairs.get(ref);
    if (found === undefined) throw new Error(`no key ${ref}`);
    return found;
  };
  const answers: Readonly<Record<string, (input: Input) => object>> = {
    GetItem: ({ Key }) => ({ Item: items.get(placeOf(Key)) }),
    BatchGetItem: ({ RequestItems }) => ({
      Responses: {
        [TABLE]: RequestItems[TABLE]?.Keys.map((key) => items.get(placeOf(key))).filter((item) => item !== undefined),
      },
      UnprocessedKeys: {},
    }),
    PutItem: ({ Item }) => {
      items.set(placeOf(Item), Item);
      return {};
    },
    TransactWriteItems: ({ TransactItems }) => {
      for (const { Put, Update } of TransactItems) {
        if (Put !== undefined) items.set(placeOf(Put.Item), Put.Item);
        if (Update !== undefined) items.set(placeOf(Update.Key), updated(Update, items.get(placeOf(Update.Key))));
      }
      return {};
    },
    GetPublicKey: ({ KeyId }) => ({
      KeyId,
      KeyUsage: 'SIGN_VERIFY',
      KeySpec: 'ECC_NIST_P256',
      SigningAlgorithms: ['ECDSA_SHA_256'],
      PublicKey: pair(KeyId).publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    }),
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call = String(request.headers['x-amz-target']).replace(/^.*\./, '');
    const found = answers[call]?.(await read(request));
    const body = JSON.stringify(found ?? { __type: 'UnknownOperationException' });
    response.writeHead(found === undefined ? 400 : 200, {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': body.length,
      'x-amzn-requestid': randomUUID(),
    });
    response.end(body);
  };
  const server = createServer((request, response) => void answer(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return {
    env: {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${address.port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
    },
    keys: {
      create: async () => {
        const made = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        const ref = `${ACCOUNT_KEYS}/${randomUUID()}`;
        pairs.set(ref, made);
        return { ref, publicKey: made.publicKey };
      },
      sign: async (ref, _alg, input) => ({
        signature: sign('sha256', input, { key: pair(ref).privateKey, dsaEncoding: 'ieee-p1363' }),
      }),
      publicKey: async (ref) => pair(ref).publicKey,
      publicKeyOf: async (kid) => pair(kid).publicKey,
      disable: () => Promise.reject(new Error('not here')),
      scheduleDeletion: () => Promise.reject(new Error('not here')),
    },
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function placeOf({ pk, sk }: Item): string {
  return `${pk?.S} ${sk?.S}`;
}

async function read(request: IncomingMessage): Promise<Input> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString()) as Input;
}
