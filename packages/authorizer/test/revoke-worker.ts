/** A process that revokes one token when it is told to, and then says when the revocation had returned. */
import { revokeToken } from '@apikey/shared';
import { openLocalRegistry } from '@apikey/shared/local';
import { localDeps } from './local-environment.ts';

const [dataDir = '', jti = ''] = process.argv.slice(2);
const registry = openLocalRegistry({ dataDir, create: false });
const deps = localDeps(dataDir, registry);

process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
await revokeToken(deps, { jti });
// The one clock that all processes of a machine share.
process.stdout.write(`${process.hrtime.bigint()}\n`);
process.stdin.destroy();
await registry.close();
