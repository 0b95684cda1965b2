import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthorizer, nodeMiddleware } from '@apikey/authorizer';
import { localKeys, localStatus } from '@apikey/authorizer/local';
import { describe, expect, it } from 'vitest';
import { errorOf, Session } from './session.ts';

/** A real server; `close` ends it with its connections. */
async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}/plans`;
}

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

/** An API behind an authorizer that lives by the session's clock and may trust a status for two seconds. */
function guardedApi(session: Session): Server {
  const authorizer = createAuthorizer({
    issuer: 'https://apikey.localhost',
    audience: 'https://api.localhost',
    status: localStatus({ dataDir: session.dataDir }),
    keys: localKeys({ dataDir: session.dataDir }),
    maxStaleness: { tokens: 2 },
    clock: { wall: () => session.now, monotonic: () => session.now },
  });
  const guard = nodeMiddleware(authorizer);
  return createServer((request, response) => guard(request, response, () => response.end('plans')));
}

const configure = (session: Session, ...lines: readonly string[]): void =>
  writeFileSync(join(session.cwd, 'apikey.toml'), ['[envs.local]', ...lines, ''].join('\n'));

async function leaked(session: Session): Promise<{ readonly jti: string; readonly token: string }> {
  const issued = await session.issue('--client', 'partner');
  writeFileSync(join(session.cwd, 'leaked.token'), issued.token);
  return issued;
}

describe('revoke --wait', () => {
  it('returns at once where authorizers keep nothing', async () => {
    using session = new Session();
    const { jti } = await leaked(session);
    const before = session.now;
    const { code, stdout } = await session.run(['revoke', jti, '--yes', '--wait', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ jti, alreadyRevoked: false, wait: { boundSeconds: 0 } });
    expect(session.now).toBe(before);
  });

  it('waits as long as the configured authorizers may keep an answer', async () => {
    using session = new Session();
    configure(session, 'gateway_result_ttl = 5', 'max_staleness = 2', 'stale_if_error = 1');
    const { jti } = await leaked(session);
    const before = session.now;
    const { code, stderr } = await session.run(['revoke', jti, '--yes', '--wait']);
    expect({ code, waited: session.now - before }).toEqual({ code: 0, waited: 10_000 });
    expect(stderr).toContain('Waiting 0:10 until the revocation holds everywhere');
    expect(stderr).toContain('the 10 seconds are over');
    session.now += 60_000;
    const later = session.now;
    await session.run(['revoke', jti, '--yes', '--wait']);
    expect(session.now).toBe(later);
  });

  it('asks the API with the revoked token until it is denied, and tells how long that took', async () => {
    using session = new Session();
    configure(session, 'max_staleness = 2');
    const { token, jti } = await leaked(session);
    const api = guardedApi(session);
    try {
      const url = await listen(api);
      expect((await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
      const argv = ['revoke', '--token', '--token-file', 'leaked.token', '--yes', '--wait', '--probe', url, '--json'];
      const { code, stdout, stderr } = await session.run(argv);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const { wait, ...revocation } = JSON.parse(stdout);
      expect(revocation).toMatchObject({ jti, alreadyRevoked: false });
      expect(wait).toMatchObject({ boundSeconds: 2, url, status: 401 });
      expect(wait.deniedAfterMs).toBeGreaterThan(1_500);
      // The last request within the bound may still be let in; the next one comes 100 ms later.
      expect(wait.deniedAfterMs).toBeLessThanOrEqual(2_100);
      const again = await session.run(argv.slice(0, -1));
      expect(again.stderr).toMatch(/In force: http:\S+ answered 401 after \d+ ms \(bound: 2 s\)/);
    } finally {
      close(api);
    }
  });

  it('gives up half a minute after the bound on an API that lets everybody in, does not answer, or sends elsewhere', async () => {
    using session = new Session();
    const { jti, token } = await leaked(session);
    const seen: (string | undefined)[] = [];
    const open = createServer((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url === '/plans') response.writeHead(302, { location: '/elsewhere' });
      response.end();
    });
    try {
      const url = await listen(open);
      const argv = ['revoke', jti, '--yes', '--wait', '--token-file', 'leaked.token', '--json', '--probe'];
      const before = session.now;
      const letIn = await session.run([...argv, `${url}?`]);
      expect({ code: letIn.code, stdout: letIn.stdout }).toEqual({ code: 6, stdout: '' });
      expect(errorOf(letIn)).toMatchObject({ code: 'STILL_ACCEPTED', why: expect.stringContaining('it answered 200') });
      expect(session.now - before).toBeGreaterThanOrEqual(30_000);
      const redirected = await session.run([...argv, url]);
      expect(errorOf(redirected).why).toContain('it answered 302');
      expect(new Set(seen)).toEqual(new Set([`Bearer ${token}`]));
      close(open);
      expect(errorOf(await session.run([...argv, url])).why).toContain('gave no answer');
    } finally {
      close(open);
    }
  });

  it('refuses to probe with a token that the command does not revoke, before it revokes anything', async () => {
    using session = new Session();
    await leaked(session);
    const other = await session.issue('--client', 'other');
    for (const target of [[other.jti], ['--client', 'other', '--all']]) {
      const probe = ['--wait', '--probe', 'http://127.0.0.1:1/', '--token-file', 'leaked.token'];
      const result = await session.run(['revoke', ...target, '--yes', ...probe, '--json']);
      expect({ exit: result.code, ...errorOf(result) }).toMatchObject({ exit: 2, code: 'INVALID_INPUT' });
    }
    expect((await session.run(['verify'], { stdin: other.token })).code).toBe(0);
  });
});

describe('revoke --token', () => {
  it('ends what the token names, from standard input, a file, or an argument, and never shows it', async () => {
    using session = new Session();
    for (const give of ['stdin', 'file', 'argument', 'file argument'] as const) {
      const { token, jti } = await leaked(session);
      const source = {
        stdin: [],
        file: ['--token-file', 'leaked.token'],
        argument: [token],
        'file argument': ['leaked.token'],
      };
      const options = give === 'stdin' ? { stdin: `${token}\n` } : {};
      const { code, stdout, stderr } = await session.run(['revoke', '--token', ...source[give], '--yes'], options);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(stderr).toContain(`Revoked token ${jti} of partner`);
      expect(stderr).not.toContain('eyJ');
      expect(stderr.includes('shell history')).toBe(give === 'argument');
      expect((await session.run(['verify'], { stdin: token })).code).toBe(10);
    }
  });

  it('ends a token whose signing key was revoked, too', async () => {
    using session = new Session();
    const { token } = await leaked(session);
    const [{ kid }] = JSON.parse((await session.run(['keys', 'list', '--json'])).stdout);
    await session.run(['keys', 'revoke', kid, '--confirm', kid]);
    expect((await session.run(['revoke', '--token', '--yes'], { stdin: token })).code).toBe(0);
  });
});

describe('the settings of authorizers', () => {
  it('are shown with their source', async () => {
    using session = new Session();
    configure(session, 'gateway_result_ttl = 300');
    const { settings } = JSON.parse((await session.run(['config', 'show', '--json'])).stdout);
    expect(settings.gateway_result_ttl).toEqual({ value: '300', source: expect.stringMatching(/apikey\.toml:2$/) });
    expect(settings.max_staleness).toEqual({ value: '0', source: 'default' });
  });

  it.each([
    ['gateway_result_ttl = 3601', 'expected 0 to 3600 seconds'],
    ['max_staleness = 301', 'expected 0 to 300 seconds'],
    ['stale_if_error = 61', 'expected 0 to 60 seconds'],
    ['stale_if_error = -1', 'expected 0 to 60 seconds'],
    ['max_staleness = "10"', 'expected a whole number of seconds, without quotes'],
    ['max_staleness = 1.5', 'expected a whole number of seconds, without quotes'],
  ])('are refused out of range: %s', async (line, why) => {
    using session = new Session();
    configure(session, line);
    const result = await session.run(['config', 'show', '--json']);
    expect({ exit: result.code, ...errorOf(result) }).toMatchObject({ exit: 2, code: 'CONFIG_INVALID', why });
    expect(errorOf(result).message).toContain('apikey.toml:2');
  });
});
