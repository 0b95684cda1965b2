/** One token, issued by apikey itself into the table of the endpoint. */
import { ensureKeyRing, exportJwks, issueToken } from '@apikey/shared';
import { dynamoRegistry } from '@apikey/shared/dynamodb';
import { arraySink } from '@apikey/shared/testing';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { acting } from '../harness/acting.ts';
import { TABLE, type Endpoint } from './endpoint.ts';

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
  const deps = acting(dynamoRegistry({ table: TABLE, client }), keys);
  await ensureKeyRing(deps, 'ES256');
  const sink = arraySink();
  await issueToken(deps, { client: 'partner', scopes: ['plans:read'], audience: [] }, sink);
  client.destroy();
  const [token] = sink.tokens;
  if (token === undefined) throw new Error('nothing was issued');
  return { token, jwks: JSON.stringify(await exportJwks({ keys, registry: deps.registry })) };
}
