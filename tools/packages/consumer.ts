/** A program as users write it: it type-checks against the installed packages, and runs as it is. */

export const CONSUMER = `import {
  createAuthorizer,
  fetchMiddleware,
  httpAuthorizer,
  nodeMiddleware,
  restAuthorizer,
  type Allowed,
  type AuthorizerOptions,
  type Decision,
  type RestAuthorizerHandler,
} from '@apikey/authorizer';
import { dynamoStatus } from '@apikey/authorizer/dynamodb';
import { kmsKeys } from '@apikey/authorizer/kms';
import { localKeys, localStatus } from '@apikey/authorizer/local';

const dataDir: string = process.env['APIKEY_DATA_DIR'] ?? '';
const options: AuthorizerOptions = {
  issuer: 'https://apikey.localhost',
  audience: 'https://api.localhost',
  status: localStatus({ dataDir }),
  keys: localKeys({ dataDir }),
};
const authorizer = createAuthorizer(options);
export const handler: RestAuthorizerHandler = restAuthorizer(authorizer);
httpAuthorizer(authorizer);
nodeMiddleware(authorizer);
fetchMiddleware(authorizer);
dynamoStatus({ table: 'apikey-prod', region: 'us-east-1' });
kmsKeys({ allow: ['arn:aws:kms:us-east-1:111122223333:key/*'], region: 'us-east-1' });

// @ts-expect-error -- an authorizer without an audience does not compile
const forgotten: AuthorizerOptions = { issuer: options.issuer, status: options.status, keys: options.keys };
void forgotten;

const decision: Decision = await authorizer.authorize({ token: process.env['TOKEN'] });
const client: Allowed['client'] = decision.allowed ? decision.client : decision.reason;
console.log(client);
`;

/** What `tsc` is told, beside the module system. The library's own types are checked as well. */
export function consumerConfig(module: 'nodenext' | 'bundler'): object {
  const system = module === 'nodenext' ? { module } : { module: 'esnext', moduleResolution: module };
  return {
    compilerOptions: {
      ...system,
      target: 'es2024',
      lib: ['es2024'],
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
    },
    files: ['consumer.ts'],
  };
}
