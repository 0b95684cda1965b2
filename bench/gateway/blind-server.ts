/**
 * What the gateway is measured beside, in a process of its own: a server that answers 200 to everybody and looks at
 * nothing. Its argument says what it is made of: `hono`, or `http` for node:http alone, the floor under everything.
 * Prints where it listens as the gateway does.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

/** As many bytes as the gateway answers, since they are somebody's to write and somebody's to read. */
const HEADERS = {
  'Content-Length': '0',
  'Cache-Control': 'no-store',
  'X-Client-Id': 'client-0',
  'X-Token-Id': '00000000-0000-4000-8000-000000000000',
  'X-Scopes': '',
};

const app = new Hono();
// The fastest way that Hono has: `c.body(null, 200, HEADERS)` builds a `Headers` first, and takes a third longer.
app.get('/authorize', () => new Response(null, { headers: HEADERS }));

if (process.argv[2] === 'hono') {
  serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, tell);
} else {
  const server = createServer((_, response) => {
    response.writeHead(200, HEADERS).end();
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) tell(address);
  });
}

function tell({ port }: AddressInfo): void {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
}
