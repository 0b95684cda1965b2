/** An API that greets its clients: every request needs a live token, and is answered with the name of who holds it. */
import { createAuthorizer, getDecision, nodeMiddleware } from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import { createServer } from 'node:http';

// What `apikey` itself uses for its environment `local`.
const {
  HOME: home = '.',
  XDG_DATA_HOME: dataHome = `${home}/.local/share`,
  APIKEY_DATA_DIR: dataDir = `${dataHome}/apikey/local`,
  APIKEY_ISSUER: issuer = 'https://apikey.localhost',
  APIKEY_AUDIENCE: audience = 'https://api.localhost',
  PORT: port = '3000',
} = process.env;

const authorizer = createAuthorizer({
  issuer,
  audience,
  status: localStatus({ dataDir }),
  keys: localKeys({ dataDir }),
  onDecision: (report) => process.stderr.write(`${JSON.stringify(report)}\n`),
});
const protect = nodeMiddleware(authorizer);

const server = createServer((request, response) => {
  protect(request, response, () => {
    // Only requests with a live token get here.
    const decision = getDecision(request);
    response.setHeader('content-type', 'application/json');
    response.end(`${JSON.stringify({ hello: decision?.client, scopes: decision?.scopes })}\n`);
  });
});

server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address();
  const listening = typeof address === 'object' ? address?.port : address;
  process.stdout.write(`listening on http://127.0.0.1:${listening}\n`);
});
