/** One token, issued by apikey itself into the table of the endpoint. */
import { ensureKeyRing, exportJwks, issueToken, type OperationDeps } from '@apikey/shared';
import { dynamoRegistry } from '@apikey/shared/dynamodb';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TABLE, type Endpoint } from './endpoint.ts';

export const ISSUER = 'https://issuer.example.test';
export const AUDIENCE = 'https://api.example.test';

export interface Issued {
  readonly token: string;
  /** The JWK set of the key that signed it. */
  readonly jwks: string;
}

export async function issueOne({ env, keys }: Endpoint): Promise<Issued> {
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: env['AWS_ENDPOINT_URL'] ?? '',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  const deps: OperationDeps = {
    registry: dynamoRegistry({ table: TABLE, client }),
    keys,
    clock: { now: () => Date.now() },
    delay: { wait: (milliseconds) => sleep(milliseconds) },
    entropy: { uuid: () => randomUUID(), bytes: (count) => randomBytes(count), fraction: () => Math.random() },
    actor: 'bench',
    environment: { name: 'bench', issuer: ISSUER, audience: AUDIENCE, defaultTtl: 7_776_000, maxTtl: 31_536_000 },
  };
  await ensureKeyRing(deps, 'ES256');
  const tokens: string[] = [];
  const request = { client: 'partner', scopes: ['plans:read'], audience: [] };
  await issueToken(deps, request, {
    check: async () => undefined,
    deliver: async (token) => void tokens.push(token),
  });
  client.destroy();
  const [token] = tokens;
  if (token === undefined) throw new Error('nothing was issued');
  return { token, jwks: JSON.stringify(await exportJwks({ keys, registry: deps.registry })) };
}
