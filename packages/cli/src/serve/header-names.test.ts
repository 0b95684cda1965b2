import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { disguisedName, foldName, headerKind, type HeaderKind } from './header-names.ts';

/** Every character of a field name (RFC 9110 section 5.6.2) that is no letter and no digit. */
const SEPARATORS = [..."!#$%&'*+-.^_`|~"];

describe('names of headers', () => {
  test('are compared as the most careless backend reads them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[A-Za-z0-9]{1,8}$/), { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(fc.constantFrom(...SEPARATORS)),
        (words, separators) => {
          const name = words.reduce((left, word) => `${left}${separators.next().value}${word}`);
          expect(foldName(name)).toBe(words.join('-').toLowerCase());
        },
      ),
      { seed: 8 },
    );
  });

  test.each<[HeaderKind | undefined, string]>([
    ['ours', 'X-Client-Id X-Token-Id X-Scopes'],
    ['route', 'X-Original-URI X-Original-URL X-Rewrite-URL X-HTTP-Method-Override X-Forwarded-Uri X-Forwarded-Prefix'],
    ['route', 'X-Forwarded-Method X-Method-Override X-Matched-Path X-Envoy-Original-Path'],
    [
      'origin',
      'X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Real-IP Forwarded True-Client-IP CF-Connecting-IP',
    ],
    [
      'origin',
      'Fastly-Client-IP X-Azure-ClientIP X-Cluster-Client-IP X-Original-Host X-Vercel-Forwarded-For Client-IP',
    ],
    [
      'identity',
      'X-Forwarded-User X-Forwarded-Email X-Forwarded-Groups X-Forwarded-Client-Cert Remote-User X-Remote-User',
    ],
    [
      'identity',
      'X-Auth-Request-User X-Auth-Request-Groups X-Webauth-User X-Middleware-Subrequest X-Envoy-Peer-Metadata',
    ],
    [
      'identity',
      'X-SSL-Client-Verify SSL_CLIENT_S_DN X-Client-Cert X-ARR-ClientCert X-Amzn-Oidc-Data X-Consumer-Username',
    ],
    [
      'identity',
      'X-Goog-Authenticated-User-Email X-Goog-IAP-JWT-Assertion X-MS-CLIENT-PRINCIPAL X-MS-CLIENT-PRINCIPAL-ID',
    ],
    ['identity', 'Tailscale-User-Login Cf-Access-Authenticated-User-Email OIDC_CLAIM_sub Impersonate-User Proxy'],
    ['framing', 'Content-Length Transfer-Encoding Host Connection Upgrade TE'],
    [
      undefined,
      'Accept Accept-Language Content-Type Cookie Authorization User-Agent X-Request-Id X-Api-Key X-Requested-With',
    ],
    [
      undefined,
      'Traceparent If-Match Range Origin Referer Sec-Fetch-Mode X-Csrf-Token Idempotency-Key X-Correlation-Id',
    ],
  ])('of the kind %s: %s', (kind, names) => {
    for (const name of names.split(' ')) expect([name, headerKind(foldName(name))]).toEqual([name, kind]);
  });

  test('are disguised where another spelling means one of them', () => {
    for (const separator of SEPARATORS) {
      for (const name of [
        'X-Client-Id',
        'x-scopes',
        'X-Forwarded-For',
        'Remote-User',
        'X-Original-Url',
        'Transfer-Encoding',
      ]) {
        const spelled = name.replaceAll('-', separator);
        expect(disguisedName(['Accept', '*/*', spelled, '1'])).toBe(separator === '-' ? undefined : spelled);
      }
    }
    expect(disguisedName(['X_Request_Id', 'X_Client_Id', 'Accept', 'X_Scopes'])).toBeUndefined();
  });
});
