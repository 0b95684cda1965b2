/** The authorizer of a REST API: which scopes its routes need, and who has them. */
import { createAuthorizer, restAuthorizer, type RestAuthorizerHandler, type Route } from '@apikey/authorizer';
import { dynamoStatus } from '@apikey/authorizer/dynamodb';
import { kmsKeys } from '@apikey/authorizer/kms';

const { TABLE = '', KEY_ARNS = '', ISSUER = '', AUDIENCE = ISSUER, STAGE = 'prod', RESULT_TTL = '0' } = process.env;

const routes: Route[] = [
  { method: 'GET', path: '/plans', scopes: ['plans:read'] },
  { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
  { method: 'POST', path: '/plans', scopes: ['plans:write'] },
  { method: '*', path: '/plans/*/members', scopes: ['members'] },
  { method: 'GET', path: '/health', scopes: [] },
];

// Outside of the handler: connections, keys and verified tokens serve all requests of this instance.
const authorizer = createAuthorizer({
  issuer: ISSUER,
  audience: AUDIENCE,
  status: dynamoStatus({ table: TABLE }),
  keys: kmsKeys({ allow: KEY_ARNS.split(',') }),
  gatewayResultTtl: Number(RESULT_TTL),
  onDecision: (report) => process.stdout.write(`${JSON.stringify(report)}\n`),
});

export const handler: RestAuthorizerHandler = restAuthorizer(authorizer, { routes, stages: [STAGE] });
