/** What `apikey serve` answers beside decisions: keys, health, metrics, introspection, revocation. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { localStatus } from '@apikey/authorizer/local';
import { UnavailableError, type OperationDeps } from '@apikey/shared';
import { describe, expect, it } from 'vitest';
import { openBackend } from '../src/backends.ts';
import { resolveSettings } from '../src/config/resolve.ts';
import { ask, startGateway, type Reply, type RunningGateway } from './gateway-world.ts';
import { Session } from './session.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const LOCAL = ['127.0.0.1/32'];

function post(gateway: RunningGateway, path: string, fields: Record<string, string>, token?: string): Promise<Reply> {
  const body = new URLSearchParams(fields).toString();
  return ask(gateway.url, { method: 'POST', path, headers: FORM, body, ...(token === undefined ? {} : { token }) });
}

describe('/.well-known/jwks.json', () => {
  it('is the key set that `keys export` prints, with a tag to ask again by', async () => {
    using session = new Session();
    await session.issue('--client', 'partner');
    await using gateway = await startGateway(session);
    const path = '/.well-known/jwks.json';
    const { status, headers, body } = await ask(gateway.url, { path });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual(JSON.parse((await session.run(['keys', 'export'])).stdout));
    expect(headers).toMatchObject({
      'content-type': 'application/jwk-set+json',
      'cache-control': 'public, max-age=300',
    });
    const etag = headers.etag ?? '';
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await ask(gateway.url, { path, headers: { 'if-none-match': tag } });
      expect([again.status, again.body, again.headers.etag]).toEqual([304, '', etag]);
    }
    await session.run(['keys', 'create']);
    const changed = await ask(gateway.url, { path, headers: { 'if-none-match': etag } });
    expect([changed.status, (JSON.parse(changed.body) as { keys: unknown[] }).keys.length]).toEqual([200, 2]);
  });

  it('is 503 where there is no ring', async () => {
    using session = new Session();
    await using gateway = await startGateway(session);
    expect((await ask(gateway.url, { path: '/.well-known/jwks.json' })).status).toBe(503);
  });
});

describe('/healthz and /readyz', () => {
  it('tell a process that lives from one that can decide', async () => {
    using session = new Session();
    await using gateway = await startGateway(session);
    const statusOf = async (path: string): Promise<number> => (await ask(gateway.url, { path })).status;
    expect([await statusOf('/healthz'), await statusOf('/readyz')]).toEqual([200, 503]);
    await session.issue('--client', 'partner');
    expect([await statusOf('/healthz'), await statusOf('/readyz')]).toEqual([200, 200]);
    expect((await ask(gateway.url, { path: '/readyz', method: 'HEAD' })).status).toBe(200);
    rmSync(join(session.dataDir, 'public'), { recursive: true });
    await using other = await startGateway(session);
    expect((await ask(other.url, { path: '/readyz' })).status).toBe(503);
  });
});

describe('/metrics', () => {
  it('counts decisions, lookups and reads, by labels that no client can choose', async () => {
    using session = new Session();
    const { token, jti } = await session.issue('--client', 'partner');
    await using gateway = await startGateway(session);
    await ask(gateway.url, { path: '/authorize', token });
    await ask(gateway.url, { path: '/authorize', token });
    await ask(gateway.url, { path: '/authorize', token: randomUUID() });
    // Refused without a decision: counted, and in no time of any.
    await ask(gateway.url, { path: '/authorize', token, headers: { X_Client_Id: 'root' } });
    await ask(gateway.url, { method: 'PUT', path: '/authorize', token });
    const { status, headers, body } = await ask(gateway.url, { path: '/metrics' });
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    const lines = body.split('\n');
    expect(lines).toContain('apikey_decisions_total{outcome="allowed",reason="live"} 2');
    expect(lines).toContain('apikey_decisions_total{outcome="denied",reason="malformed"} 1');
    expect(lines).toContain('apikey_decisions_total{outcome="denied",reason="disguised_header"} 1');
    expect(lines).toContain('apikey_decisions_total{outcome="denied",reason="unsupported_method"} 1');
    expect(lines).toContain('apikey_decision_duration_seconds_count 3');
    expect(lines).toContain('apikey_cache_lookups_total{cache="token",result="hit"} 1');
    expect(lines).toContain('apikey_registry_reads_total{read="status",result="ok"} 2');
    expect(body).toMatch(/^apikey_ring_age_seconds \d/m);
    expect(body).toMatch(/^process_resident_memory_bytes \d/m);
    for (const secret of [jti, 'partner', token]) expect(body).not.toContain(secret);
  });

  it('is for this machine alone, and not for whom a proxy on it hands on', async () => {
    using session = new Session();
    await using gateway = await startGateway(session, { trustProxy: LOCAL });
    const statusFor = async (headers: Record<string, string>): Promise<number> =>
      (await ask(gateway.url, { path: '/metrics', headers })).status;
    expect(await statusFor({ 'X-Forwarded-For': '203.0.113.7' })).toBe(403);
    expect(await statusFor({ 'X-Forwarded-For': '127.0.0.1' })).toBe(403);
    expect(await statusFor({})).toBe(200);
    await using untrusting = await startGateway(session);
    for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via']) {
      const reply = await ask(untrusting.url, { path: '/metrics', headers: { [name]: '127.0.0.1' } });
      expect([name, reply.status]).toEqual([name, 403]);
    }
  });
});

describe('POST /introspect', () => {
  it('tells of a live token what RFC 7662 names, and of any other that it is not active', async () => {
    using session = new Session();
    const { token, jti } = await session.issue('--client', 'partner', '--scope', 'b', '--scope', 'a', '--ttl', '1h');
    await session.run(['clients', 'set', 'partner', '--scope', 'a']);
    await using gateway = await startGateway(session);
    const live = await post(gateway, '/introspect', { token, token_type_hint: 'access_token' });
    expect([live.status, live.headers['cache-control']]).toEqual([200, 'no-store']);
    const now = Math.floor(session.now / 1000);
    expect(JSON.parse(live.body)).toEqual({
      active: true,
      client_id: 'partner',
      sub: 'partner',
      scope: 'a',
      exp: now + 3600,
      iat: now,
      jti,
      iss: 'https://apikey.localhost',
      aud: 'https://api.localhost',
      token_type: 'Bearer',
    });
    await session.run(['revoke', jti, '--yes']);
    for (const dead of [token, 'garbage', 'x'.repeat(9_000)]) {
      expect(JSON.parse((await post(gateway, '/introspect', { token: dead })).body)).toEqual({ active: false });
    }
  });

  it('holds a client that is limited to networks to the address that the asker gives', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    expect((await session.run(['clients', 'set', 'partner', '--cidr', '192.0.2.0/24'])).code).toBe(0);
    await using gateway = await startGateway(session);
    const activeFrom = async (fields: Record<string, string>): Promise<unknown> =>
      JSON.parse((await post(gateway, '/introspect', { token, ...fields })).body);
    expect(await activeFrom({})).toEqual({ active: false });
    expect(await activeFrom({ source_address: '203.0.113.1' })).toEqual({ active: false });
    expect(await activeFrom({ source_address: '192.0.2.9' })).toMatchObject({ active: true });
    expect((await post(gateway, '/introspect', { token, source_address: 'here' })).status).toBe(400);
  });

  it('without --introspect-client is for this machine alone', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    await using gateway = await startGateway(session);
    const headers = { ...FORM, 'X-Forwarded-For': '127.0.0.1' };
    const reply = await ask(gateway.url, { method: 'POST', path: '/introspect', headers, body: `token=${token}` });
    expect([reply.status, reply.body]).toEqual([403, expect.not.stringContaining('active')]);
  });

  it('with it wants a live token of that client, from everybody', async () => {
    using session = new Session();
    const [own, other] = [await session.issue('--client', 'backend'), await session.issue('--client', 'partner')];
    await using gateway = await startGateway(session, { introspectClient: 'backend' });
    const answer = (token?: string) => post(gateway, '/introspect', { token: other.token }, token);
    const none = await answer();
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect((await answer('garbage')).status).toBe(401);
    expect((await answer(other.token)).status).toBe(403);
    expect(JSON.parse((await answer(own.token)).body)).toMatchObject({ active: true, client_id: 'partner' });
    await session.run(['revoke', own.jti, '--yes']);
    expect((await answer(own.token)).status).toBe(401);
  });

  it('refuses what is no form with one token as RFC 6749 says', async () => {
    using session = new Session();
    await using gateway = await startGateway(session);
    const odd: readonly [what: string, headers: Record<string, string>, body: string, status: number][] = [
      ['no form', { 'content-type': 'application/json' }, '{"token":"x"}', 400],
      ['no content type', {}, 'token=x', 400],
      ['no token', FORM, 'hint=x', 400],
      ['an empty token', FORM, 'token=', 400],
      ['two tokens', FORM, 'token=a&token=b', 400],
      ['too much', FORM, `token=${'x'.repeat(20_000)}`, 413],
      ['too much without a length', { ...FORM, 'transfer-encoding': 'chunked' }, `token=${'x'.repeat(20_000)}`, 413],
    ];
    for (const [what, headers, body, status] of odd) {
      const reply = await ask(gateway.url, { method: 'POST', path: '/introspect', headers, body });
      expect([what, reply.status, JSON.parse(reply.body)]).toMatchObject([what, status, { error: 'invalid_request' }]);
    }
  });

  it('is a fault, and no answer, where the registry cannot be read', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    const status = localStatus({ dataDir: session.dataDir });
    const broken = async (): Promise<never> => {
      throw new UnavailableError('gone');
    };
    await using gateway = await startGateway(session, { status: { ...status, readStatus: broken } });
    const reply = await post(gateway, '/introspect', { token });
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '2']);
    expect(reply.body).not.toContain('active');
  });

  it('takes GET for a mistake', async () => {
    using session = new Session();
    await using gateway = await startGateway(session);
    const reply = await ask(gateway.url, { path: '/introspect?token=x' });
    expect([reply.status, reply.headers['allow']]).toEqual([405, 'POST']);
  });
});

describe('POST /revoke', () => {
  async function revoking(session: Session): Promise<{ gateway: RunningGateway; deps: OperationDeps }> {
    const io = { env: { HOME: session.home }, cwd: session.cwd, clock: { now: () => session.now } };
    const settings = await resolveSettings({ env: undefined, config: undefined }, io);
    const delay = { wait: async () => {} };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what opening an embedded environment reads of it
    const deps = await openBackend(settings, { ...io, delay } as never, 'existing');
    return { gateway: await startGateway(session, { openForRevoking: async () => deps }), deps };
  }

  it('ends the token of whoever holds it, records who did, and says the same of every other', async () => {
    using session = new Session();
    const { token, jti } = await session.issue('--client', 'partner');
    const expired = await session.issue('--client', 'partner', '--ttl', '1h');
    session.now += 7_200_000;
    const { gateway, deps } = await revoking(session);
    expect((await ask(gateway.url, { path: '/authorize', token })).status).toBe(200);
    using elsewhere = new Session();
    const foreign = await elsewhere.issue('--client', 'partner');
    const replies = [];
    for (const given of [token, token, expired.token, 'garbage', foreign.token, `${token.slice(0, -6)}AAAAAA`]) {
      replies.push(await post(gateway, '/revoke', { token: given, token_type_hint: 'refresh_token' }));
    }
    expect(replies.map(({ status, body }) => [status, body])).toEqual(replies.map(() => [200, '']));
    expect((await ask(gateway.url, { path: '/authorize', token })).status).toBe(401);
    const shown = JSON.parse((await session.run(['show', jti, '--json'])).stdout) as Record<string, unknown>;
    expect(shown).toMatchObject({
      state: 'revoked',
      revokeReason: 'RFC 7009 revocation by the holder',
      revokedBy: expect.stringContaining('@'),
    });
    await gateway.stop();
    expect(gateway.log.filter((line) => line.includes('apikey.revocation'))).toHaveLength(2);
    await deps.registry.close();
  });

  it('ends nothing for a forged token of a live jti', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    const { gateway, deps } = await revoking(session);
    const [header = '', payload = ''] = token.split('.');
    expect((await post(gateway, '/revoke', { token: `${header}.${payload}.${'A'.repeat(86)}` })).status).toBe(200);
    expect((await ask(gateway.url, { path: '/authorize', token })).status).toBe(200);
    await gateway.stop();
    await deps.registry.close();
  });

  it('refuses what is no request, and says 503 where it could not be done', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    await using gateway = await startGateway(session, {
      openForRevoking: async () => {
        throw new UnavailableError('gone');
      },
    });
    expect((await post(gateway, '/revoke', { hint: 'x' })).status).toBe(400);
    const reply = await post(gateway, '/revoke', { token });
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '2']);
  });

  it('is not there unless it was allowed', async () => {
    using session = new Session();
    const { token } = await session.issue('--client', 'partner');
    await using gateway = await startGateway(session);
    expect((await post(gateway, '/revoke', { token })).status).toBe(404);
    expect((await ask(gateway.url, { path: '/authorize', token })).status).toBe(200);
  });
});
