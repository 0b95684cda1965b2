/** A process that revokes one token when it is told to, and then says when the revocation had returned. */
import { revokeToken, type KeyProvider, type Registry } from '@apikey/shared';
import { dynamoRegistry } from '@apikey/shared/dynamodb';
import { kmsKeyProvider } from '@apikey/shared/kms';
import { localKeyProvider, openLocalRegistry } from '@apikey/shared/local';
import { operationDeps } from './environment.ts';

function open(backend: string, name: string): { registry: Registry; keys: KeyProvider } {
  if (backend === 'dynamodb') {
    return { registry: dynamoRegistry({ table: name }), keys: kmsKeyProvider({ aliasBase: `alias/${name}` }) };
  }
  const dataDir = name;
  return { registry: openLocalRegistry({ dataDir, create: false }), keys: localKeyProvider({ dataDir }) };
}

const [backend = '', name = '', jti = ''] = process.argv.slice(2);
const { registry, keys } = open(backend, name);

process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
await revokeToken(operationDeps(registry, keys), { jti });
// The one clock that all processes of a machine share.
process.stdout.write(`${process.hrtime.bigint()}\n`);
process.stdin.destroy();
await registry.close();
