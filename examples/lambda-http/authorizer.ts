/** The authorizer of an HTTP API with payload format 2.0 and simple responses. */
import { createAuthorizer, httpAuthorizer, type HttpAuthorizerHandler } from '@apikey/authorizer';
import { dynamoStatus } from '@apikey/authorizer/dynamodb';
import { kmsKeys } from '@apikey/authorizer/kms';

const { TABLE = '', KEY_ARNS = '', ISSUER = '', AUDIENCE = ISSUER, RESULT_TTL = '0' } = process.env;

// Outside of the handler: connections, keys and verified tokens serve all requests of this instance.
const authorizer = createAuthorizer({
  issuer: ISSUER,
  audience: AUDIENCE,
  status: dynamoStatus({ table: TABLE }),
  keys: kmsKeys({ allow: KEY_ARNS.split(',') }),
  gatewayResultTtl: Number(RESULT_TTL),
});

export const handler: HttpAuthorizerHandler = httpAuthorizer(authorizer, {
  routes: [
    { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
    { method: 'POST', path: '/plans', scopes: ['plans:write'] },
  ],
});
