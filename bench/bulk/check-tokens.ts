/** Holds what a bulk issue left against the registry and the key: as many tokens as were asked for, every one of them live. */
import { sha256Hex, verifyCompactJws } from '@apikey/shared';
import { dynamoRegistry } from '@apikey/shared/dynamodb';
import { kmsKeyProvider } from '@apikey/shared/kms';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AwsEndpoint } from './aws-endpoint.ts';

const FOR_EVER = 32_503_680_000;

/** Throws unless `directory` holds `count` tokens, each signed by the ring's key and with a live record in `table`. */
export async function checkTokens(
  { env }: AwsEndpoint,
  table: string,
  directory: string,
  count: number,
): Promise<void> {
  const settings = { region: 'us-east-1', credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } };
  const dynamo = new DynamoDBClient({ ...settings, endpoint: env['AWS_ENDPOINT_URL_DYNAMODB'] ?? '' });
  const kms = new KMSClient({ ...settings, endpoint: env['AWS_ENDPOINT_URL'] ?? '' });
  const registry = dynamoRegistry({ table, client: dynamo });
  try {
    const key = (await registry.readKeyRing())?.keys[0];
    if (key === undefined) throw new Error('there is no key ring');
    const publicKey = await kmsKeyProvider({ aliasBase: 'alias/bench', client: kms }).publicKey(key.ref);
    const live = new Set<string>();
    for await (const record of registry.tokensByEnd(0, FOR_EVER)) {
      if (record.state === 'active') live.add(record.payloadSha256);
    }
    const tokens = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8').trim());
    const sound = tokens.filter((token) =>
      live.delete(sha256Hex(verifyCompactJws(token, { alg: 'ES256', publicKey }))),
    );
    if (sound.length !== count || tokens.length !== count || live.size > 0) {
      throw new Error(`${sound.length} of ${tokens.length} tokens are live, and ${live.size} without a token`);
    }
  } finally {
    dynamo.destroy();
    kms.destroy();
  }
}
