/** nginx itself in front of the built gateway, configured by examples/proxies/nginx.conf. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BuiltCli } from './built-cli.ts';
import { ask, echo, echoed, startBackend, startServe, type Reply } from './gateway-world.ts';
import { findTool } from './required-tools.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/proxies/nginx.conf', import.meta.url));
const ROUTES = [
  { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
  { method: 'POST', path: '/plans/*', scopes: ['plans:write'] },
];

const nginx = findTool('nginx');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Puts other addresses into the example; each must be there, or it is not the example that is tested. */
function configured(replacements: Readonly<Record<string, string>>): string {
  let text = readFileSync(EXAMPLE, 'utf8');
  for (const [from, to] of Object.entries(replacements)) {
    if (text.split(from).length !== 2) throw new Error(`${from} stands not once in the example`);
    text = text.replace(from, to);
  }
  return text;
}

interface Nginx extends AsyncDisposable {
  readonly url: string;
}

async function startNginx(folder: string, gateway: string, backend: string): Promise<Nginx> {
  const port = await freePort();
  writeFileSync(
    join(folder, 'apikey.conf'),
    configured({
      'listen 80;': `listen 127.0.0.1:${port};`,
      'server 127.0.0.1:8080;': `server ${new URL(gateway).host};`,
      'server 127.0.0.1:3000;': `server ${new URL(backend).host};`,
    }),
  );
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  writeFileSync(
    join(folder, 'nginx.conf'),
    [
      'daemon off;',
      'worker_processes 1;',
      `pid ${folder}/nginx.pid;`,
      'error_log stderr crit;',
      'events {}',
      `http { access_log off; ${temporary.join(' ')} include ${folder}/apikey.conf; }`,
      '',
    ].join('\n'),
  );
  const child: ChildProcess = spawn(nginx.path, ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let trouble = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (trouble += text));
  const url = `http://127.0.0.1:${port}`;
  // Until it listens; nginx says nothing when it does.
  for (let attempt = 0; ; attempt += 1) {
    if (child.exitCode !== null || attempt > 500) throw new Error(`nginx did not start: ${trouble}`);
    const answer = await ask(url, { path: '/' }).catch(() => undefined);
    if (answer !== undefined) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

describe.skipIf(nginx.path === '')(`nginx with auth_request${nginx.absence}`, () => {
  it('lets live tokens through with whose they are, and nothing without the gateway’s word', async () => {
    using cli = new BuiltCli();
    const issued = await cli.json<{ token: string; jti: string }>([
      'issue',
      '--client',
      'partner',
      '--scope',
      'plans:read',
    ]);
    const bare = await cli.json<{ token: string }>(['issue', '--client', 'other']);
    writeFileSync(join(cli.home, 'routes.json'), JSON.stringify(ROUTES));
    let reached = 0;
    await using backend = await startBackend((request, response) => {
      reached += 1;
      echo(request, response);
    });
    await using gateway = await startServe(cli, [
      '--trust-proxy',
      '127.0.0.1/32',
      '--routes',
      'routes.json',
      '--log',
      'json',
    ]);
    await using proxy = await startNginx(cli.home, gateway.url, backend.url);
    const { token, jti } = issued;
    const get = (path: string, given?: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> =>
      ask(proxy.url, { method, path, headers, ...(given === undefined ? {} : { token: given }) });

    // Live, with the right headers at the backend, whatever the client claims to be.
    const claims = {
      'X-Client-Id': 'root',
      X_Client_Id: 'root',
      'X-Token-Id': 'x',
      'X-Scopes': 'admin',
      'X-Forwarded-For': '203.0.113.7',
    };
    const reply = await get('/plans/1?x=1', token, claims);
    expect(reply.status).toBe(200);
    const { url, headers } = echoed(reply);
    expect(url).toBe('/plans/1?x=1');
    expect(headers).toMatchObject({
      'x-client-id': ['partner'],
      'x-token-id': [jti],
      'x-scopes': ['plans:read'],
      'x-forwarded-for': ['127.0.0.1'],
    });
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('x_client_id');

    // Other routes, other scopes, other readings of a path, and what the client says of them itself.
    const before = reached;
    expect((await get('/plans/1', token, {}, 'POST')).status).toBe(403);
    expect((await get('/plans/1', bare.token, { 'X-Scopes': 'plans:read' })).status).toBe(403);
    expect((await get('/other', token, { 'X-Original-URI': '/plans/1', 'X-Forwarded-Uri': '/plans/1' })).status).toBe(
      403,
    );
    for (const path of ['/plans/../other', '/plans/%2e%2e/other', '//plans/1', '/plans%2F1']) {
      expect([path, (await get(path, token)).status]).toEqual([path, 403]);
    }
    const none = await get('/plans/1');
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect((await get('/-/apikey', token)).status).toBe(404);
    expect(reached).toBe(before);

    // A body goes to the backend, not to the gateway.
    const writer = await cli.json<{ token: string }>(['issue', '--client', 'writer', '--scope', 'plans:write']);
    const posted = await ask(proxy.url, {
      method: 'POST',
      path: '/plans/1',
      token: writer.token,
      body: 'x'.repeat(10_000),
    });
    expect(echoed(posted)).toMatchObject({ method: 'POST', bytes: 10_000 });

    // Revoked by another process: denied with the next request.
    await cli.json(['revoke', jti, '--yes']);
    const after = reached;
    const denied = await get('/plans/1', token);
    expect([denied.status, denied.headers['www-authenticate']]).toEqual([401, 'Bearer error="invalid_token"']);
    expect(reached).toBe(after);

    // The log knows the request that nginx was asked.
    gateway.running.process.kill('SIGTERM');
    expect((await gateway.running.outcome).code).toBe(0);
    const lines = gateway
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).toMatchObject({ allowed: false, reason: 'revoked', jti, method: 'GET', path: '/plans/1' });

    // Without a gateway, nobody gets in.
    expect((await get('/plans/1', writer.token, {}, 'POST')).status).toBe(500);
    expect(reached).toBe(after);
  });
});
