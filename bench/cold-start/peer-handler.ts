/**
 * The handler that a team writes without apikey: jose and two clients of the AWS SDK, over the same table, key and
 * records. It checks the signature, the claims, the key's state in the ring, and the states of token and client.
 */
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { jwtVerify, type JWTVerifyGetKey } from 'jose';
import { createPublicKey, type KeyObject } from 'node:crypto';

const { TABLE = '', ISSUER = '', AUDIENCE = '' } = process.env;
const dynamo = new DynamoDBClient({});
const kms = new KMSClient({});
const keys = new Map<string, Promise<KeyObject>>();

/** The key of the ring that the token names, fetched from KMS once. */
const keyOf: JWTVerifyGetKey = async ({ kid }) => {
  const { Item } = await dynamo.send(
    new GetItemCommand({ TableName: TABLE, Key: { pk: { S: 'RING#main' }, sk: { S: 'RING' } }, ConsistentRead: true }),
  );
  const entry = Item?.['keys']?.L?.find(({ M }) => M?.['kid']?.S === kid)?.M;
  const ref = entry?.['ref']?.S;
  if (ref === undefined || !['active', 'retiring'].includes(entry?.['state']?.S ?? '')) throw new Error('no such key');
  let key = keys.get(ref);
  if (key === undefined) keys.set(ref, (key = fetchKey(ref)));
  return key;
};

async function fetchKey(KeyId: string): Promise<KeyObject> {
  const { PublicKey = new Uint8Array() } = await kms.send(new GetPublicKeyCommand({ KeyId }));
  return createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
}

async function isLive(client: string, jti: string): Promise<boolean> {
  const Keys = [
    { pk: { S: `CLIENT#${client}` }, sk: { S: 'CLIENT' } },
    { pk: { S: `CLIENT#${client}` }, sk: { S: `TOKEN#${jti}` } },
  ];
  const { Responses } = await dynamo.send(
    new BatchGetItemCommand({ RequestItems: { [TABLE]: { Keys, ConsistentRead: true } } }),
  );
  const items = Responses?.[TABLE] ?? [];
  return items.length === 2 && items.every((item) => item['state']?.S === 'active');
}

export async function rest(event: {
  readonly authorizationToken: string;
  readonly methodArn: string;
}): Promise<object> {
  const token = event.authorizationToken.replace(/^Bearer /, '');
  const { payload } = await jwtVerify(token, keyOf, {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    typ: 'at+jwt',
  });
  const { sub = '', jti = '' } = payload;
  if (!(await isLive(sub, jti))) throw new Error('Unauthorized');
  const [base] = event.methodArn.split('/GET/');
  return {
    principalId: sub,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: [`${base}/*/*`] }],
    },
    context: { client: sub, jti },
  };
}
