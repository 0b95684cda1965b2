/** Compares the verifier with jose: whatever is accepted here must be accepted there, with the same payload. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { compactVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import type { Alg } from './algorithms.ts';
import { JwsError } from './errors.ts';
import { codeOf, samplePair, sampleToken } from './sample-keys.fixture.ts';
import { verifyCompactJws } from './verify.ts';

const seed = 20_264;
const HEADER = { typ: 'at+jwt', kid: 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs' };
const PAYLOAD = '{"iss":"https://api.example.gov","sub":"nightly-export","exp":1907776000}';

function ours(token: string, alg: Alg, publicKey: KeyObject): Uint8Array | undefined {
  try {
    return verifyCompactJws(token, { alg, publicKey });
  } catch (error) {
    if (error instanceof JwsError) return undefined;
    throw error;
  }
}

async function theirs(token: string, alg: Alg, publicKey: KeyObject): Promise<Uint8Array | undefined> {
  try {
    return (await compactVerify(token, publicKey, { algorithms: [alg] })).payload;
  } catch {
    return undefined;
  }
}

/** Fails where only we accept; returns whether we did. */
async function acceptedByBoth(token: string, alg: Alg, publicKey: KeyObject): Promise<boolean> {
  const payload = ours(token, alg, publicKey);
  if (payload === undefined) return false;
  const other = await theirs(token, alg, publicKey);
  expect(other).toBeDefined();
  expect(Buffer.from(payload)).toEqual(Buffer.from(other ?? []));
  return true;
}

const character = fc.constantFrom(...'AZaz09-_+/=.~ \n"é\0');
const edit = fc.tuple(fc.constantFrom('set', 'insert', 'delete', 'repeat', 'swap'), fc.nat(), character);

function applyEdit(token: string, [how, where, character_]: [string, number, string]): string {
  const segments = token.split('.');
  const at = where % (token.length + 1);
  if (how === 'set') return token.slice(0, at) + character_ + token.slice(at + 1);
  if (how === 'insert') return token.slice(0, at) + character_ + token.slice(at);
  if (how === 'delete') return token.slice(0, at) + token.slice(at + 1);
  if (how === 'repeat') return [...segments, segments[where % segments.length]].join('.');
  return [...segments].toReversed().join('.');
}

/** One bit of the decoded segment, so that the result is often canonical again. */
function flipBit(token: string, where: number, segment: number): string {
  const segments = token.split('.');
  const bytes = Buffer.from(segments[segment] ?? '', 'base64url');
  const at = where % (bytes.length * 8);
  bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
  return segments.map((text, i) => (i === segment ? bytes.toString('base64url') : text)).join('.');
}

describe.each(['ES256', 'EdDSA', 'RS256', 'PS256', 'ML-DSA-44'] as const)('%s', (alg) => {
  const { publicKey, privateKey } = samplePair(alg);
  const token = sampleToken(alg, privateKey, JSON.stringify({ alg, ...HEADER }), PAYLOAD);

  test('the token itself is accepted by both', async () => {
    expect(await acceptedByBoth(token, alg, publicKey)).toBe(true);
  });

  test('no edit of the text makes another token that is accepted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        let edited = token;
        for (const one of edits) edited = applyEdit(edited, one);
        expect(await acceptedByBoth(edited, alg, publicKey)).toBe(edited === token);
      }),
      { seed, numRuns: 1500 },
    );
  });

  test('no flipped bit is accepted', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(2), (where, segment) => {
        expect(ours(flipBit(token, where, segment), alg, publicKey)).toBeUndefined();
      }),
      { seed, numRuns: 400 },
    );
  });
});

describe('headers that were really signed', () => {
  const { publicKey, privateKey } = samplePair('EdDSA');
  const name = fc.constantFrom(
    'alg',
    'typ',
    'kid',
    'crit',
    'b64',
    'zip',
    'enc',
    'jku',
    'jwk',
    'x5c',
    'cty',
    'x',
    '__proto__',
    'toString',
  );
  const value = fc.oneof(
    fc.constantFrom('EdDSA', 'none', 'HS256', 'at+jwt', '', true, false, 1),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const space = fc.constantFrom('', ' ', '\n', '\t', '\u00a0', '\ufeff');

  test('whatever their members, values and spaces, jose accepts each one that is accepted here', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, value, space), { maxLength: 3 }),
        fc.boolean(),
        async (members, named) => {
          const all: [string, unknown, string][] = named ? [['alg', 'EdDSA', ''], ...members] : members;
          const header = `{${all.map(([key, held, gap]) => `${gap}${JSON.stringify(key)}${gap}:${JSON.stringify(held)}`).join(',')}}`;
          if (await acceptedByBoth(sampleToken('EdDSA', privateKey, header, PAYLOAD), 'EdDSA', publicKey))
            accepted += 1;
        },
      ),
      { seed, numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test('however their text is damaged, jose accepts each one that is accepted here', async () => {
    const text = '{"alg":"EdDSA","typ":"at+jwt"}';
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length), fc.string({ maxLength: 2 }), fc.nat(2), async (at, inserted, cut) => {
        const header = text.slice(0, at) + inserted + text.slice(at + cut);
        if (await acceptedByBoth(sampleToken('EdDSA', privateKey, header, PAYLOAD), 'EdDSA', publicKey)) accepted += 1;
      }),
      { seed, numRuns: 1500 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});

describe('known attacks', () => {
  const { publicKey, privateKey } = samplePair('RS256');
  const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url');

  test.each(['none', 'None', 'NONE', 'nOnE', ' none'])('a token without signature is refused with alg "%s"', (alg) => {
    for (const signature of ['', 'AA', encode(alg)]) {
      expect(
        ours(`${encode(JSON.stringify({ alg }))}.${encode(PAYLOAD)}.${signature}`, 'RS256', publicKey),
      ).toBeUndefined();
    }
  });

  test('the public key is no HMAC secret, in whatever form', () => {
    const signed = `${encode('{"alg":"HS256"}')}.${encode(PAYLOAD)}`;
    const secrets = [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'der', type: 'spki' }),
      publicKey.export({ format: 'pem', type: 'pkcs1' }),
      JSON.stringify(publicKey.export({ format: 'jwk' })),
    ];
    for (const secret of secrets) {
      const token = `${signed}.${encode(createHmac('sha256', secret).update(signed).digest())}`;
      const secretKey = createSecretKey(Buffer.from(secret));
      expect(codeOf(() => verifyCompactJws(token, { alg: 'RS256', publicKey }))).toBe('JWS_ALG_UNKNOWN');
      expect(codeOf(() => verifyCompactJws(token, { alg: 'HS256', publicKey: secretKey }))).toBe('JWS_ALG_UNKNOWN');
    }
  });

  test('an unencoded payload and critical extensions are refused although the signature holds', () => {
    const header = '{"alg":"RS256","b64":false,"crit":["b64"]}';
    expect(
      codeOf(() => verifyCompactJws(sampleToken('RS256', privateKey, header, PAYLOAD), { alg: 'RS256', publicKey })),
    ).toBe('JWS_HEADER_FORBIDDEN');
  });

  test('a key in the header is refused although the signature holds for it', () => {
    const forger = samplePair('ES256');
    const header = JSON.stringify({ alg: 'ES256', jwk: forger.publicKey.export({ format: 'jwk' }) });
    expect(ours(sampleToken('ES256', forger.privateKey, header, PAYLOAD), 'ES256', forger.publicKey)).toBeUndefined();
  });
});
