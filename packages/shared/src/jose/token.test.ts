import { randomUUID } from 'node:crypto';
import { compactVerify, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { isSigningAlg, listAlgs } from './algorithms.ts';
import { parseClaims, type TokenClaims } from './claims.ts';
import { parseCompact, requireTokenType } from './compact.ts';
import { codeOf, samplePair, sampleSignature } from './sample-keys.fixture.ts';
import { thumbprint } from './thumbprint.ts';
import { assemble, encodeHeader, encodePayload, signingInput } from './token.ts';
import { verifyCompactJws } from './verify.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const CLAIMS: TokenClaims = {
  iss: 'https://api.example.gov',
  sub: 'nightly-export',
  aud: ['https://api.example.gov'],
  client_id: 'nightly-export',
  jti: '0198c7b2-3f7e-4a51-9d20-6a1b2c3d4e5f',
  iat: 1_900_000_000,
  exp: 1_907_776_000,
  scope: 'plans:read plans:write',
  rnd: 'AAECAwQFBgcICQoLDA0ODw',
};
const KID = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';

test('the header has its members in the fixed order', () => {
  expect(text(encodeHeader('ES256', KID))).toBe(`{"alg":"ES256","typ":"at+jwt","kid":"${KID}"}`);
});

test.each(['', 'short', `${KID}=`, `${KID.slice(0, -1)}t`, `${KID.slice(0, -1)}"`])('"%s" cannot be a kid', (kid) => {
  expect(codeOf(() => encodeHeader('ES256', kid))).toBe('TypeError');
});

test('the payload has its members in the fixed order', () => {
  expect(text(encodePayload({ ...CLAIMS, nbf: 1_900_000_001 }))).toBe(
    '{"iss":"https://api.example.gov","sub":"nightly-export","aud":"https://api.example.gov","client_id":"nightly-export",' +
      '"jti":"0198c7b2-3f7e-4a51-9d20-6a1b2c3d4e5f","iat":1900000000,"exp":1907776000,"scope":"plans:read plans:write",' +
      '"rnd":"AAECAwQFBgcICQoLDA0ODw","nbf":1900000001}',
  );
});

test('an empty scope and an absent nbf are left out, and several audiences are a list', () => {
  const payload = text(encodePayload({ ...CLAIMS, aud: ['a', 'b'], scope: '' }));
  expect(payload).not.toContain('scope');
  expect(payload).not.toContain('nbf');
  expect(payload).toContain('"aud":["a","b"]');
});

test('claims come back as they went in', () => {
  for (const claims of [CLAIMS, { ...CLAIMS, aud: ['a', 'b'], nbf: 1 }]) {
    expect(parseClaims(encodePayload(claims))).toEqual(claims);
  }
  const { scope: _, ...unscoped } = CLAIMS;
  expect(parseClaims(encodePayload(unscoped))).toEqual(unscoped);
  expect(Object.isFrozen(parseClaims(encodePayload(CLAIMS)))).toBe(true);
  expect(Object.isFrozen(parseClaims(encodePayload(CLAIMS)).aud)).toBe(true);
});

test('claims that would not be read back are not written', () => {
  expect(codeOf(() => encodePayload({ ...CLAIMS, aud: [] }))).toBe('TypeError');
  expect(codeOf(() => encodePayload({ ...CLAIMS, exp: 1.5 }))).toBe('TypeError');
  expect(codeOf(() => encodePayload({ ...CLAIMS, sub: '' }))).toBe('TypeError');
  expect(codeOf(() => encodePayload({ ...CLAIMS, sub: '\ud800' }))).toBe('TypeError');
});

describe('reading claims', () => {
  const code = (change: Record<string, unknown>): string =>
    codeOf(() => parseClaims(Buffer.from(JSON.stringify({ ...CLAIMS, ...change }))));

  test.each(['iss', 'sub', 'aud', 'client_id', 'jti', 'iat', 'exp', 'rnd'])('%s is required', (name) => {
    expect(code({ [name]: undefined })).toBe('JWS_CLAIMS');
    expect(code({ [name]: null })).toBe('JWS_CLAIMS');
  });

  test.each([
    { iss: '' },
    { iss: 1 },
    { sub: ['nightly-export'] },
    { client_id: {} },
    { aud: '' },
    { aud: [] },
    { aud: ['a', 1] },
    { aud: ['a', ''] },
    { aud: { a: 1 } },
    { jti: 'not a uuid' },
    { jti: '0198C7B2-3F7E-4A51-9D20-6A1B2C3D4E5F' },
    { jti: '0198c7b23f7e4a519d206a1b2c3d4e5f' },
    { jti: '0198c7b2-3f7e-4a51-9d20-6a1b2c3d4e5g' },
    { jti: '0198c7b2-3f7e-4a51-9d20-6a1b2c3d4e5f\n' },
    { jti: '0198c7b203f7e-4a51-9d20-6a1b2c3d4e5f' },
    { iat: '1900000000' },
    { iat: -1 },
    { iat: 1.5 },
    { exp: 2 ** 53 },
    { exp: true },
    { nbf: null },
    { nbf: 'now' },
    { scope: null },
    { scope: '' },
    { scope: ['plans:read'] },
    { rnd: '' },
    { rnd: 1 },
  ])('%o is refused', (change) => {
    expect(code(change)).toBe('JWS_CLAIMS');
  });

  test('one audience may be a list of one, and other members are ignored', () => {
    const bytes = Buffer.from(JSON.stringify({ ...CLAIMS, aud: ['a'], role: 'admin' }));
    expect(parseClaims(bytes)).toEqual({ ...CLAIMS, aud: ['a'] });
  });

  test('random UUIDs are read', () => {
    for (let i = 0; i < 50; i++) expect(code({ jti: randomUUID() })).toBe('none');
  });

  test('a time beyond the range of numbers, and a claim that is there twice, are malformed', () => {
    const payload = JSON.stringify(CLAIMS);
    expect(codeOf(() => parseClaims(Buffer.from(payload.replace('1907776000', '1e999'))))).toBe('JWS_MALFORMED');
    expect(codeOf(() => parseClaims(Buffer.from(payload.replace('{', '{"sub":"root",'))))).toBe('JWS_MALFORMED');
  });
});

describe.each(listAlgs().filter((alg) => isSigningAlg(alg)))('a token signed with %s', (alg) => {
  const { publicKey, privateKey } = samplePair(alg);
  const signed = signingInput(encodeHeader(alg, thumbprint(publicKey)), encodePayload(CLAIMS));
  const token = assemble(signed, sampleSignature(alg, privateKey, signed));

  test('is verified and read here', () => {
    expect(parseClaims(verifyCompactJws(token, { alg, publicKey }))).toEqual(CLAIMS);
    const { header } = parseCompact(token);
    requireTokenType(header);
    expect(header.kid).toBe(thumbprint(publicKey));
  });

  test('is verified and read by jose', async () => {
    const { protectedHeader } = await compactVerify(token, publicKey, { algorithms: [alg] });
    expect(protectedHeader).toEqual({ alg, typ: 'at+jwt', kid: thumbprint(publicKey) });
    const { payload } = await jwtVerify(token, publicKey, {
      algorithms: [alg],
      issuer: CLAIMS.iss,
      audience: CLAIMS.aud[0] ?? '',
      typ: 'at+jwt',
      currentDate: new Date(CLAIMS.iat * 1000),
    });
    expect(payload).toMatchObject({ ...CLAIMS, aud: CLAIMS.aud[0] });
  });
});
