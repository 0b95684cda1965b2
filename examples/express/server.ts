/** An Express API whose every route needs a live token; one of them a scope as well. */
import { createAuthorizer, getDecision, nodeMiddleware } from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import express from 'express';

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

const app = express();
// The router must tell paths apart as the routes do: by default it takes /Plans/1 and /plans/1/ for /plans/1.
app.enable('case sensitive routing');
app.enable('strict routing');
app.use(
  nodeMiddleware(authorizer, {
    routes: [
      { method: 'GET', path: '/', scopes: [] },
      { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
    ],
  }),
);
app.get('/', (request, response) => {
  response.json({ hello: getDecision(request)?.client });
});
app.get('/plans/:id', (request, response) => {
  response.json({ plan: request.params['id'] });
});

const server = app.listen(Number(port), '127.0.0.1', () => {
  const address = server.address();
  const listening = typeof address === 'object' ? address?.port : address;
  process.stdout.write(`listening on http://127.0.0.1:${listening}\n`);
});
