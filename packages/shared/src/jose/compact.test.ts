import { describe, expect, test } from 'vitest';
import { MAX_TOKEN_LENGTH, parseCompact, requireTokenType } from './compact.ts';
import { JwsError } from './errors.ts';
import { codeOf } from './sample-keys.fixture.ts';

const encode = (text: string): string => Buffer.from(text).toString('base64url');
const HEADER = '{"alg":"ES256","typ":"at+jwt","kid":"k"}';
const withHeader = (header: string): string => `${encode(header)}.${encode('{}')}.AAAA`;
const TOKEN = withHeader(HEADER);
const [H = '', P = '', S = ''] = TOKEN.split('.');

test('a token comes apart into header, payload, signature and the bytes that were signed', () => {
  const parsed = parseCompact(TOKEN);
  expect(parsed.header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: 'k' });
  expect(Buffer.from(parsed.payloadBytes).toString()).toBe('{}');
  expect(Buffer.from(parsed.signature)).toEqual(Buffer.alloc(3));
  expect(Buffer.from(parsed.signingInput).toString()).toBe(`${H}.${P}`);
});

test('the header is frozen, also when it was seen before', () => {
  expect(Object.isFrozen(parseCompact(TOKEN).header)).toBe(true);
  expect(parseCompact(TOKEN).header).toEqual(parseCompact(TOKEN).header);
  expect(codeOf(() => Object.assign(parseCompact(TOKEN).header, { alg: 'RS256' }))).toBe('TypeError');
});

test('hundreds of different headers do not mix up', () => {
  for (const round of [1, 2]) {
    for (let i = 0; i < 300; i++) {
      expect(parseCompact(withHeader(`{"alg":"ES256","kid":"${i}"}`)).header.kid, `round ${round}`).toBe(String(i));
    }
  }
});

test('the payload may be any bytes', () => {
  expect(Buffer.from(parseCompact(`${H}._w.${S}`).payloadBytes)).toEqual(Buffer.of(0xff));
});

test.each([
  ['nothing', ''],
  ['no dot', H],
  ['one dot', `${H}.${P}`],
  ['three dots', `${TOKEN}.${S}`],
  ['a dot at the end', `${TOKEN}.`],
  ['a dot at the start', `.${TOKEN}`],
  ['dots alone', '..'],
  ['an empty header', `.${P}.${S}`],
  ['an empty payload', `${H}..${S}`],
  ['an empty signature', `${H}.${P}.`],
  ['five segments of a JWE', `${H}.${P}.${S}.${P}.${S}`],
  ['padding', `${H}.${P}.AA==`],
  ['stray bits', `${H}.${P}.AAB`],
  ['white space around it', ` ${TOKEN}`],
  ['a line feed after it', `${TOKEN}\n`],
  ['characters beyond ASCII', `${H}.${P}.AAA\u0141`],
  ['a scheme in front', `Bearer ${TOKEN}`],
  ['the JSON serialization', JSON.stringify({ protected: H, payload: P, signature: S })],
  ['a header that is not JSON', `${encode('alg')}.${P}.${S}`],
  ['a header that is a list', `${encode('["ES256"]')}.${P}.${S}`],
  ['a member twice', withHeader('{"alg":"ES256","alg":"ES256"}')],
  ['a member twice through an escape', withHeader(String.raw`{"alg":"ES256","\u0061lg":"ES384"}`)],
  ['a typ that is no string', withHeader('{"alg":"ES256","typ":["at+jwt"]}')],
  ['a kid that is no string', withHeader('{"alg":"ES256","kid":null}')],
])('%s is malformed', (_, token) => {
  expect(codeOf(() => parseCompact(token))).toBe('JWS_MALFORMED');
});

test.each([undefined, null, 1, {}, [TOKEN], Buffer.from(TOKEN)])(
  'a token that is no string is malformed: %#',
  (value) => {
    expect(codeOf(() => Reflect.apply(parseCompact, undefined, [value]))).toBe('JWS_MALFORMED');
  },
);

test.each(['crit', 'b64', 'zip', 'enc', 'jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256'])(
  'the header member %s is forbidden whatever its value, and through an escape',
  (name) => {
    const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}`;
    for (const value of ['null', 'true', '[]', '"x"', '{}']) {
      expect(codeOf(() => parseCompact(withHeader(`{"alg":"ES256","${name}":${value}}`)))).toBe('JWS_HEADER_FORBIDDEN');
      expect(codeOf(() => parseCompact(withHeader(`{"alg":"ES256","${escaped}":${value}}`)))).toBe(
        'JWS_HEADER_FORBIDDEN',
      );
    }
  },
);

test.each([
  '"none"',
  '"None"',
  '"NONE"',
  '"nOnE"',
  '""',
  '"HS256"',
  '"hs256"',
  '"es256"',
  '"ES256K"',
  '"RSA-OAEP"',
  'null',
  '["ES256"]',
  '{}',
])('alg %s is unknown', (alg) => {
  expect(codeOf(() => parseCompact(withHeader(`{"alg":${alg}}`)))).toBe('JWS_ALG_UNKNOWN');
});

test('a header without alg, or with an inherited one, is unknown', () => {
  expect(codeOf(() => parseCompact(withHeader('{"typ":"at+jwt"}')))).toBe('JWS_ALG_UNKNOWN');
  expect(codeOf(() => parseCompact(withHeader('{"alg":"constructor"}')))).toBe('JWS_ALG_UNKNOWN');
});

test('members that mean nothing here are ignored', () => {
  expect(parseCompact(withHeader('{"alg":"ES256","cty":"JWT","example":{"a":[1]}}')).header).toEqual({ alg: 'ES256' });
});

describe('lengths', () => {
  const ofLength = (length: number): string => `${H}.AAAA.${'A'.repeat(length - H.length - 6)}`;

  test('a token of 8,192 characters is read, a longer one is not looked at', () => {
    const length = MAX_TOKEN_LENGTH;
    expect(codeOf(() => parseCompact(ofLength(length)))).toBe('none');
    expect(codeOf(() => parseCompact(ofLength(length + 1)))).toBe('JWS_TOO_LONG');
    expect(codeOf(() => parseCompact('!'.repeat(9 * 1024)))).toBe('JWS_TOO_LONG');
  });

  test('a caller may allow less', () => {
    expect(codeOf(() => parseCompact(ofLength(2048), 2048))).toBe('none');
    expect(codeOf(() => parseCompact(ofLength(2052), 2048))).toBe('JWS_TOO_LONG');
  });

  test('a header of 512 bytes is read, one of 513 is too long', () => {
    const header = (length: number): string => `${HEADER.slice(0, -1)}${' '.repeat(length - HEADER.length)}}`;
    expect(codeOf(() => parseCompact(withHeader(header(512))))).toBe('none');
    expect(codeOf(() => parseCompact(withHeader(header(513))))).toBe('JWS_TOO_LONG');
  });
});

test.each([undefined, '', 'JWT', 'AT+JWT', 'application/at+jwt', 'at+jwt '])('typ %o is not an access token', (typ) => {
  expect(codeOf(() => requireTokenType({ alg: 'ES256', typ, kid: undefined }))).toBe('JWS_TYPE');
});

test('typ at+jwt is an access token', () => {
  expect(codeOf(() => requireTokenType(parseCompact(TOKEN).header))).toBe('none');
});

test('no message repeats what the token says', () => {
  const marker = 'MARKERmarker';
  const headers = [
    `{"alg":"${marker}"}`,
    `{"alg":"ES256","crit":["${marker}"]}`,
    `{"${marker}":1,"${marker}":2}`,
    marker,
  ];
  for (const token of [...headers.map((header) => withHeader(header)), marker, `${marker}.${marker}.${marker}.`]) {
    try {
      parseCompact(token);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(JwsError);
      if (!(error instanceof JwsError)) throw error;
      expect(`${error.message} ${error.stack ?? ''} ${String(error.cause)}`).not.toContain(marker);
    }
  }
});
