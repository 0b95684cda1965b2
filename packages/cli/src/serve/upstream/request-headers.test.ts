import { describe, expect, test } from 'vitest';
import { endToEnd, rewriteHeaders, type Hop } from './request-headers.ts';

const ALLOWED = {
  allowed: true,
  client: 'partner',
  jti: '3f0e8a52-1c44-4c5e-9f0d-7a1f0f6f2d11',
  scopes: ['a', 'b'],
  kid: 'k',
  expiresAt: 1,
} as const;
const HOP: Hop = {
  peer: '192.0.2.1',
  trusted: false,
  encrypted: false,
  forwardAuthorization: false,
  passHeaders: new Set(),
};

function rewritten(headers: Record<string, string>, hop: Partial<Hop> = {}): Record<string, unknown> {
  const given = { host: 'api.example', ...headers };
  rewriteHeaders(given, ALLOWED, { ...HOP, ...hop });
  return given;
}

const OURS = {
  host: 'api.example',
  'x-client-id': 'partner',
  'x-token-id': ALLOWED.jti,
  'x-scopes': 'a b',
  'x-forwarded-for': '192.0.2.1',
  'x-forwarded-proto': 'http',
  'x-forwarded-host': 'api.example',
};

describe('the headers that go on', () => {
  test('say who was let in, from where and to which host, and nothing of the token', () => {
    expect(rewritten({ authorization: 'Bearer secret' })).toEqual(OURS);
    expect(rewritten({ authorization: 'Bearer secret' }, { forwardAuthorization: true })).toEqual({
      ...OURS,
      authorization: 'Bearer secret',
    });
  });

  test.each(['x-client-id', 'x_client_id', 'x-client_id', 'x-token-id', 'x_token_id', 'x-scopes', 'x_scopes'])(
    'hold no %s of the client',
    (name) => {
      expect(rewritten({ [name]: 'root' })).toEqual(OURS);
    },
  );

  test.each(['x-original-url', 'x-rewrite-url', 'x_original_uri', 'x-forwarded-uri', 'x-http-method-override'])(
    'hold no %s, by which a framework would take another request than the one that was decided about',
    (name) => {
      expect(rewritten({ [name]: 'DELETE' })).toEqual(OURS);
    },
  );

  test('hold none of the client that another spelling could disguise, whoever the peer is', () => {
    for (const separator of "!#$%&'*+.^_`|~") {
      for (const name of ['x-client-id', 'x-forwarded-for', 'x-forwarded-user', 'x-original-url', 'content-length']) {
        const disguised = { [name.replaceAll('-', separator)]: '1' };
        expect(rewritten(disguised)).toEqual(OURS);
        expect(rewritten(disguised, { trusted: true })).toEqual(OURS);
      }
    }
  });

  test('hold identities of other proxies where the peer is trusted, or where they are passed by name', () => {
    const identity = { 'x-forwarded-user': 'ann', 'remote-user': 'ann', 'x-envoy-peer-metadata': 'x' };
    expect(rewritten(identity)).toEqual(OURS);
    expect(rewritten(identity, { trusted: true })).toEqual({ ...OURS, ...identity });
    const passHeaders = new Set(['remote-user', 'ssl_client_verify']);
    expect(rewritten({ ...identity, remote_user: 'eve' }, { passHeaders })).toEqual({ ...OURS, 'remote-user': 'ann' });
    expect(rewritten({ ssl_client_verify: 'NONE' }, { passHeaders })).toEqual({ ...OURS, ssl_client_verify: 'NONE' });
  });

  test('name no address of a peer that has none', () => {
    const nowhere = { peer: undefined, trusted: true };
    expect(rewritten({}, nowhere)).toMatchObject({ 'x-forwarded-for': 'unknown' });
    expect(rewritten({ 'x-forwarded-for': '203.0.113.7' }, nowhere)).toMatchObject({
      'x-forwarded-for': '203.0.113.7',
    });
  });

  test('hold nothing of this hop, nor what the client declares to be of it', () => {
    const hop = { 'keep-alive': 'timeout=5', te: 'trailers', trailer: 'x', upgrade: 'h2c', 'proxy-authorization': 'x' };
    expect(rewritten({ ...hop, connection: 'close, X-Secret', 'x-secret': '1', expect: '100-continue' })).toEqual(OURS);
  });

  test('keep what frames the body and names the host, and our own, whatever Connection says', () => {
    const connection = 'Content-Length, Transfer-Encoding, Host, X-Client-Id, X-Forwarded-For';
    expect(rewritten({ connection, 'content-length': '5' })).toEqual({ ...OURS, 'content-length': '5' });
    expect(rewritten({ connection, 'transfer-encoding': 'chunked' })).toEqual({
      ...OURS,
      'transfer-encoding': 'chunked',
    });
  });

  test('pass on the word of a trusted proxy on where the request came from, and of nobody else', () => {
    const origin = {
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'public.example',
      'x-real-ip': '203.0.113.7',
      forwarded: 'for=203.0.113.7',
    };
    expect(rewritten({ ...origin, x_forwarded_for: '203.0.113.8' })).toEqual(OURS);
    expect(rewritten(origin, { trusted: true })).toEqual({
      ...OURS,
      ...origin,
      'x-forwarded-for': '203.0.113.7, 192.0.2.1',
    });
  });

  test('say https where the client came by TLS', () => {
    expect(rewritten({}, { encrypted: true })).toMatchObject({ 'x-forwarded-proto': 'https' });
  });
});

describe('the headers that come back', () => {
  test('are as the upstream wrote them, repeated ones too, without those of its hop', () => {
    const raw = ['Set-Cookie', 'a=1', 'X-Hop', '1', 'set-cookie', 'b=2', 'Transfer-Encoding', 'chunked'];
    const connection = 'close, x-hop, content-length';
    const answer = [...raw, 'Connection', connection, 'Keep-Alive', 'timeout=5', 'Content-Length', '3'];
    expect(endToEnd(answer, connection)).toEqual(['Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'Content-Length', '3']);
  });
});
