import { describe, expect, test } from 'vitest';
import { originalRequest } from './original-request.ts';

const NGINX = { 'x-original-method': ['POST'], 'x-original-uri': ['/plans?x=1'] };
const TRAEFIK = { 'x-forwarded-method': ['POST'], 'x-forwarded-uri': ['/plans?x=1'] };
const EXPECTED = { method: 'POST', path: '/plans?x=1' };

describe('originalRequest', () => {
  test.each([
    ['nginx', NGINX],
    ['Traefik and Caddy', TRAEFIK],
    ['both at once, of one mind', { ...NGINX, ...TRAEFIK }],
  ])('reads the headers of %s', (_, headers) => {
    expect(originalRequest(headers)).toEqual(EXPECTED);
  });

  test('takes the request itself where it is the original one, as with Envoy', () => {
    expect(originalRequest({}, EXPECTED)).toEqual(EXPECTED);
    expect(originalRequest(TRAEFIK, EXPECTED)).toEqual(EXPECTED);
  });

  test('knows nothing without a whole pair: a proxy that leaves one half out would leave it to the client', () => {
    const unknown = { method: undefined, path: undefined };
    expect(originalRequest({})).toEqual(unknown);
    expect(originalRequest({ 'x-original-uri': ['/plans'] })).toEqual(unknown);
    expect(originalRequest({ 'x-original-uri': ['/plans'], 'x-forwarded-method': ['GET'] })).toEqual(unknown);
  });

  test.each([
    ['two paths of one name', { ...NGINX, 'x-original-uri': ['/plans', '/open'] }],
    ['two methods of one name', { ...TRAEFIK, 'x-forwarded-method': ['GET', 'POST'] }],
    ['other paths under the other name', { ...NGINX, 'x-forwarded-uri': ['/open'] }],
    ['another method under the other name', { ...TRAEFIK, 'x-original-method': ['GET'] }],
  ])('finds %s contradictory', (_, headers) => {
    expect(originalRequest(headers)).toBe('contradictory');
  });

  test('finds headers contradictory that differ from the request itself', () => {
    expect(originalRequest({ 'x-original-uri': ['/open'] }, EXPECTED)).toBe('contradictory');
  });
});
