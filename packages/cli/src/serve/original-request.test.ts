import { describe, expect, test } from 'vitest';
import { originalRequest, type OriginalRequest } from './original-request.ts';

const NGINX = { 'x-original-method': ['POST'], 'x-original-uri': ['/plans?x=1'] };
const TRAEFIK = { 'x-forwarded-method': ['POST'], 'x-forwarded-uri': ['/plans?x=1'] };
const EXPECTED = { method: 'POST', path: '/plans?x=1' };

/** Headers by name, each with all of its values, in the spelling of proxies. */
function read(headers: Readonly<Record<string, readonly string[]>>, own?: OriginalRequest): unknown {
  const raw = Object.entries(headers).flatMap(([name, values]) =>
    values.flatMap((value) => [name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase()), value]),
  );
  return originalRequest(raw, own);
}

describe('originalRequest', () => {
  test.each([
    ['nginx', NGINX],
    ['Traefik and Caddy', TRAEFIK],
    ['both at once, of one mind', { ...NGINX, ...TRAEFIK }],
  ])('reads the headers of %s', (_, headers) => {
    expect(read(headers)).toEqual(EXPECTED);
  });

  test('takes the request itself where it is the original one, as with Envoy', () => {
    expect(read({}, EXPECTED)).toEqual(EXPECTED);
    expect(read(TRAEFIK, EXPECTED)).toEqual(EXPECTED);
  });

  test('knows nothing without a whole pair: a proxy that leaves one half out would leave it to the client', () => {
    const unknown = { method: undefined, path: undefined };
    expect(read({})).toEqual(unknown);
    expect(read({ 'x-original-uri': ['/plans'] })).toEqual(unknown);
    expect(read({ 'x-original-uri': ['/plans'], 'x-forwarded-method': ['GET'] })).toEqual(unknown);
  });

  test.each([
    ['two paths of one name', { ...NGINX, 'x-original-uri': ['/plans', '/open'] }],
    ['two methods of one name', { ...TRAEFIK, 'x-forwarded-method': ['GET', 'POST'] }],
    ['other paths under the other name', { ...NGINX, 'x-forwarded-uri': ['/open'] }],
    ['another method under the other name', { ...TRAEFIK, 'x-original-method': ['GET'] }],
  ])('finds %s contradictory', (_, headers) => {
    expect(read(headers)).toBe('contradictory');
  });

  test('finds headers contradictory that differ from the request itself', () => {
    expect(read({ 'x-original-uri': ['/open'] }, EXPECTED)).toBe('contradictory');
  });
});
