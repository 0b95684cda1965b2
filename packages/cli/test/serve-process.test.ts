/** `apikey serve` as the process that it is: how it starts, what it says, how it ends. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BuiltCli } from './built-cli.ts';
import { ask, echo, echoed, startBackend, startServe } from './gateway-world.ts';
import { findTool } from './required-tools.ts';
import { errorOf, Session } from './session.ts';

interface Issued {
  readonly token: string;
  readonly jti: string;
}

const openssl = findTool('openssl');

describe('apikey serve', () => {
  it('in front of a server: a token issued a second ago gets in, until it is revoked from another process', async () => {
    using cli = new BuiltCli();
    await using backend = await startBackend(echo);
    // Before anything was set up, and told so.
    await using gateway = await startServe(cli, ['--upstream', backend.url]);
    const { token, jti } = await cli.json<Issued>(['issue', '--client', 'partner', '--scope', 'plans:read']);
    expect((await ask(gateway.url, { path: '/plans', token })).status).toBe(200);
    await cli.json(['revoke', jti, '--yes']);
    expect((await ask(gateway.url, { path: '/plans', token })).status).toBe(401);
    gateway.running.process.kill('SIGINT');
    expect(await gateway.running.outcome).toMatchObject({ code: 0, stderr: '' });
  });

  it('says where it listens, what it does and what to know, on standard error', async () => {
    using cli = new BuiltCli();
    await cli.json(['issue', '--client', 'partner']);
    writeFileSync(join(cli.home, 'routes.json'), '[{ "method": "*", "path": "/*", "scopes": [] }]');
    const flags = ['--routes', 'routes.json', '--trust-proxy', '10.0.0.0/8', '--allow-revoke', '--log', 'off'];
    const { process: child, outcome } = cli.start(['serve', '--port', '0', '--host', '0.0.0.0', ...flags]);
    let said = '';
    child.stderr?.on('data', (text: string) => {
      said += text;
      // Once alone: a second signal would not wait for anything.
      if (said.includes('revocation') && !child.killed) child.kill('SIGTERM');
    });
    const { code, stdout } = await outcome;
    expect([code, stdout]).toEqual([0, '']);
    expect(
      said
        .replace(/:\d{2,5}$/m, ':PORT')
        .trimEnd()
        .split('\n'),
    ).toEqual([
      'warning: whoever reaches 0.0.0.0 reaches this gateway: /authorize, /revoke to whoever holds a token, /.well-known/jwks.json, /healthz and /readyz to anybody',
      'warning: tokens travel there without encryption; use --tls-cert, or a proxy with TLS in front',
      'Listening on http://0.0.0.0:PORT',
      '  env         local (embedded: both locks lie in one place)',
      '  mode        forward-auth at /authorize',
      '  routes      1 in routes.json',
      '  proxies     10.0.0.0/8 are believed',
      '  revoke      by whoever holds a token',
      '  revocation  holds for the next request',
      'Draining: no new requests, those under way finish. Again to end at once.',
    ]);
  });

  it('with --json prints one object when it listens; the lines of --log json follow it', async () => {
    using cli = new BuiltCli();
    const { token } = await cli.json<Issued>(['issue', '--client', 'partner']);
    writeFileSync(join(cli.home, 'apikey.toml'), '[envs.local]\nmax_staleness = 5\nstale_if_error = 2\n');
    await using gateway = await startServe(cli, ['--log', 'json', '--max-staleness-keys', '30']);
    expect(gateway.started).toMatchObject({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      env: 'local',
      mode: 'forward-auth',
      upstream: null,
      routes: null,
      tls: false,
      revocationSeconds: { tokens: 7, keys: 32 },
      pid: gateway.running.process.pid,
    });
    await ask(gateway.url, { path: '/authorize', token });
    gateway.running.process.kill('SIGTERM');
    const { code, stderr } = await gateway.running.outcome;
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(gateway.output())).toMatchObject({ type: 'apikey.decision', allowed: true, client: 'partner' });
  });

  it('revokes for holders, and records their use, where it was allowed to', async () => {
    using cli = new BuiltCli();
    const { token, jti } = await cli.json<Issued>(['issue', '--client', 'partner']);
    await using gateway = await startServe(cli, ['--allow-revoke', '--track-usage']);
    expect((await ask(gateway.url, { path: '/authorize', token })).status).toBe(200);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const revoke = () => ask(gateway.url, { method: 'POST', path: '/revoke', headers: form, body: `token=${token}` });
    expect([(await revoke()).status, (await revoke()).status]).toEqual([200, 200]);
    expect((await ask(gateway.url, { path: '/authorize', token })).status).toBe(401);
    const shown = await cli.json<Record<string, unknown>>(['show', jti]);
    expect(shown).toMatchObject({ state: 'revoked', lastUsedAt: expect.stringMatching(/^20/) });
    gateway.running.process.kill('SIGTERM');
    expect((await gateway.running.outcome).code).toBe(0);
  });

  it('lets requests finish at the first signal, and ends at once at the second', async () => {
    using cli = new BuiltCli();
    const { token } = await cli.json<Issued>(['issue', '--client', 'partner']);
    const arrived = Promise.withResolvers<() => void>();
    await using backend = await startBackend((_, response) => arrived.resolve(() => response.end('done')));
    {
      await using gateway = await startServe(cli, ['--upstream', backend.url, '--drain-timeout', '1h']);
      const underway = ask(gateway.url, { token });
      const answer = await arrived.promise;
      gateway.running.process.kill('SIGTERM');
      // It takes nobody new from then on.
      while (
        await ask(gateway.url, { path: '/healthz' }).then(
          () => true,
          () => false,
        )
      );
      answer();
      expect((await underway).body).toBe('done');
      expect((await gateway.running.outcome).code).toBe(0);
    }
    const again = Promise.withResolvers<void>();
    await using silent = await startBackend(() => again.resolve());
    await using gateway = await startServe(cli, ['--upstream', silent.url, '--drain-timeout', '1h']);
    const cut = ask(gateway.url, { token }).catch((error: Error) => error.message);
    await again.promise;
    gateway.running.process.kill('SIGTERM');
    while (
      await ask(gateway.url, { path: '/healthz' }).then(
        () => true,
        () => false,
      )
    );
    gateway.running.process.kill('SIGTERM');
    expect((await gateway.running.outcome).code).toBe(130);
    expect(await cut).toMatch(/hang up|ECONNRESET/);
  });

  it.skipIf(openssl.path === '')(`speaks TLS${openssl.absence}`, async () => {
    using cli = new BuiltCli();
    const { token } = await cli.json<Issued>(['issue', '--client', 'partner']);
    makeCertificate(cli.home);
    await using backend = await startBackend(echo);
    const tls = ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem'];
    await using gateway = await startServe(cli, [...tls, '--upstream', backend.url]);
    expect(gateway.url).toMatch(/^https:/);
    const agent = new Agent({ rejectUnauthorized: false });
    const sent = request(gateway.url, { agent, headers: { authorization: `Bearer ${token}` } }).end();
    const [answer] = await once(sent, 'response');
    const body = Buffer.concat(await answer.toArray()).toString();
    expect(echoed({ status: 200, headers: {}, body }).headers['x-forwarded-proto']).toEqual(['https']);
    agent.destroy();
  });
});

function makeCertificate(folder: string): void {
  const name = [
    '-subj',
    '/CN=gateway.test',
    '-days',
    '1',
    '-nodes',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
  ];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  execFileSync(openssl.path, ['req', '-x509', ...name, ...files], { stdio: 'ignore' });
}

describe('apikey serve refuses', () => {
  it.each<[string, readonly string[], number, string]>([
    ['a port that is none', ['--port', '80a'], 2, 'INVALID_INPUT'],
    ['a port over the last', ['--port', '65536'], 2, 'INVALID_INPUT'],
    ['a proxy that is no network', ['--trust-proxy', '10/8'], 2, 'INVALID_CIDR'],
    ['an upstream that is no URL', ['--upstream', '127.0.0.1:3000'], 2, 'INVALID_INPUT'],
    ['an upstream with a path', ['--upstream', 'http://127.0.0.1/base'], 2, 'INVALID_INPUT'],
    ['an upstream with credentials', ['--upstream', 'http://u:p@127.0.0.1'], 2, 'INVALID_INPUT'],
    ['a host that is none', ['--host', '10.0.0'], 2, 'INVALID_INPUT'],
    ['a host of another machine', ['--host', '192.0.2.1', '--port', '0'], 2, 'INVALID_INPUT'],
    ['a client that is none', ['--introspect-client', 'No!'], 2, 'INVALID_CLIENT'],
    ['a certificate without a key', ['--tls-cert', 'cert.pem'], 2, 'USAGE'],
    ['a certificate that is not there', ['--tls-cert', 'no.pem', '--tls-key', 'no.pem'], 3, 'FILE_NOT_FOUND'],
    ['a certificate that is none', ['--tls-cert', 'junk', '--tls-key', 'junk'], 2, 'INVALID_INPUT'],
    ['routes that are not there', ['--routes', 'none.json'], 3, 'FILE_NOT_FOUND'],
    ['routes in a directory', ['--routes', '.'], 2, 'INVALID_INPUT'],
    ['routes that are none', ['--routes', 'junk'], 2, 'CONFIG_INVALID'],
    ['a log that is none', ['--log', 'xml'], 2, 'INVALID_INPUT'],
    ['a staleness that is none', ['--max-staleness-keys', '1.5'], 2, 'INVALID_INPUT'],
    ['a timeout over a day', ['--upstream', 'http://x', '--upstream-timeout', '2d'], 2, 'INVALID_DURATION'],
    ['a timeout of nothing', ['--upstream-timeout', '5s'], 2, 'USAGE'],
    ['to forward nothing', ['--forward-authorization'], 2, 'USAGE'],
    ['to pass a header to nowhere', ['--pass-header', 'X-Forwarded-User'], 2, 'USAGE'],
    ...[
      'X-Client-Id',
      'x_scopes',
      'X-Original-URL',
      'X-HTTP-Method-Override',
      'X-Forwarded-For',
      'Content-Length',
      'X A',
    ].map((name): [string, readonly string[], number, string] => [
      `to pass the header ${JSON.stringify(name)}`,
      ['--upstream', 'http://127.0.0.1:1', '--pass-header', name],
      2,
      'INVALID_INPUT',
    ]),
    ['a Unix socket without a path', ['--host', 'unix:'], 2, 'INVALID_INPUT'],
    ['a Unix socket in no folder', ['--host', 'unix:/nowhere/at/all'], 4, 'ACCESS_DENIED'],
    ['an argument', ['8080'], 2, 'USAGE'],
  ])('%s', async (_, flags, code, error) => {
    using session = new Session();
    writeFileSync(join(session.cwd, 'junk'), 'junk');
    const result = await session.run(['serve', ...flags, '--json']);
    expect([result.code, errorOf(result).code, result.stdout]).toEqual([code, error, '']);
  });

  it('a port that is taken, and says what to do', async () => {
    using session = new Session();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const result = await session.run(['serve', '--port', String(port)]);
    other.close();
    expect([result.code, result.stdout]).toEqual([5, '']);
    expect(result.stderr).toContain(`error: another process listens on 127.0.0.1 port ${port}`);
    expect(result.stderr).toContain('--port 0');
    expect(result.stderr).toContain('ADDRESS_IN_USE');
  });
});
