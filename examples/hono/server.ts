/** Serves the app on Node, with an authorizer on the embedded backend. */
import { createAuthorizer } from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';
import { createApp } from './app.ts';

const {
  APIKEY_DATA_DIR: dataDir = '',
  APIKEY_ISSUER: issuer = 'https://apikey.localhost',
  APIKEY_AUDIENCE: audience = 'https://api.localhost',
  PORT: port = '3000',
} = process.env;

const authorizer = createAuthorizer({
  issuer,
  audience,
  status: localStatus({ dataDir }),
  keys: localKeys({ dataDir }),
});
const app = createApp(authorizer, (context: Context) => getConnInfo(context).remote.address);

serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' }, ({ port: listening }) => {
  process.stdout.write(`listening on http://127.0.0.1:${listening}\n`);
});
