/** Exactly one credential, from one place, in one form. */
import { describe, expect, test } from 'vitest';
import { World } from '../test/world.ts';
import { parseAuthorization, readCredential, type HeaderSource } from './index.ts';

const raw = (...rawHeaders: string[]): HeaderSource => ({ rawHeaders });
const fetched = (...values: string[]): HeaderSource =>
  new Headers(values.map((value): [string, string] => ['authorization', value]));

describe('a credential is taken', () => {
  test.each<[string, HeaderSource]>([
    ['Bearer', raw('Authorization', 'Bearer a.b.c')],
    ['bearer', raw('authorization', 'bearer a.b.c')],
    ['BEARER', raw('AUTHORIZATION', 'BEARER a.b.c')],
    ['several spaces', raw('Authorization', 'Bearer   a.b.c')],
    ['other headers around', raw('Host', 'authorization', 'Authorization', 'Bearer a.b.c', 'X', 'Bearer x')],
    ['Fetch headers', fetched('Bearer a.b.c')],
  ])('with %s', (_, headers) => {
    expect(readCredential(headers)).toBe('a.b.c');
  });
});

describe('no credential is', () => {
  test.each<[string, HeaderSource]>([
    ['no header', raw('Host', 'x')],
    ['an empty header', raw('Authorization', '')],
    ['Basic', raw('Authorization', 'Basic YTpi')],
    ['a longer scheme', raw('Authorization', 'BearerX a.b.c')],
    ['a scheme alone', raw('Authorization', 'Bearer')],
    ['a scheme and spaces', raw('Authorization', 'Bearer   ')],
    ['a bare token', raw('Authorization', 'a.b.c')],
    ['another header', raw('Proxy-Authorization', 'Bearer a.b.c')],
    ['a header whose value is a name', raw('X', 'Authorization', 'Bearer a.b.c', 'y')],
    ['no Fetch header', new Headers()],
  ])('%s', (_, headers) => {
    expect(readCredential(headers)).toBeUndefined();
  });
});

describe('a live token is denied as malformed when it comes', () => {
  const world = new World();
  const { token } = world.issue();

  test.each<[string, HeaderSource]>([
    ['twice', raw('Authorization', `Bearer ${token}`, 'authorization', `Bearer ${token}`)],
    ['beside another scheme', raw('Authorization', 'Basic YTpi', 'Authorization', `Bearer ${token}`)],
    ['before another scheme', raw('Authorization', `Bearer ${token}`, 'Authorization', 'Basic YTpi')],
    ['twice, joined by a comma', raw('Authorization', `Bearer ${token}, Bearer ${token}`)],
    ['with a comma behind', raw('Authorization', `Bearer ${token},`)],
    ['twice, in Fetch headers', fetched(`Bearer ${token}`, `Bearer ${token}`)],
    ['behind a tab', raw('Authorization', `Bearer\t${token}`)],
    ['behind a space and a tab', raw('Authorization', `Bearer \t${token}`)],
    ['before a space', raw('Authorization', `Bearer ${token} `)],
    ['before another word', raw('Authorization', `Bearer ${token} x`)],
    ['in quotes', raw('Authorization', `Bearer "${token}"`)],
    ['behind a no-break space', raw('Authorization', `Bearer\u00A0${token}`)],
    ['behind 9 KB', raw('Authorization', `Bearer ${' '.repeat(9 * 1024)}${token}`)],
    ['before 9 KB', raw('Authorization', `Bearer ${token}${'A'.repeat(9 * 1024)}`)],
    ['before characters outside of ASCII', raw('Authorization', `Bearer ${token}é`)],
  ])('%s', async (_, headers) => {
    const authorizer = world.authorizer();
    const presented = readCredential(headers);
    await expect(authorizer.authorize({ token: presented })).resolves.toMatchObject({ reason: 'malformed' });
    await expect(authorizer.authorize({ token })).resolves.toMatchObject({ allowed: true });
  });
});

test('a header is taken as a value, or as the list of its values', () => {
  expect(parseAuthorization('Bearer x')).toBe('x');
  expect(parseAuthorization(['Bearer x'])).toBe('x');
  expect(parseAuthorization([])).toBeUndefined();
  expect(parseAuthorization(undefined)).toBeUndefined();
  expect(parseAuthorization(['Bearer x', 'Bearer x'])).toContain(',');
});
