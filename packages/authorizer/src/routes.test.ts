/** Route matching: stars across slashes, every matching route's scopes, and paths that servers read differently. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuthorizerConfigError, compileRoutes, matchRoutes, partRoutes, routesAllow, type Route } from './index.ts';

const routes: Route[] = [
  { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
  { method: 'POST', path: '/plans', scopes: ['plans:write'] },
  { method: '*', path: '/plans/*/members', scopes: ['members:read'] },
  { method: 'any', path: '/admin*', scopes: ['admin'] },
  { method: 'GET', path: '/open', scopes: [] },
];
const table = compileRoutes(routes);

function paths(method: string, path: string): string[] {
  return matchRoutes(table, method, path).map((route) => route.path);
}

describe('a route', () => {
  test.each([
    ['GET', '/plans/1', ['/plans/*']],
    ['GET', '/plans/', ['/plans/*']],
    ['GET', '/plans/1/2/3', ['/plans/*']],
    ['GET', '/plans/1?expand=/admin', ['/plans/*']],
    ['GET', '/plans/1/members', ['/plans/*', '/plans/*/members']],
    ['DELETE', '/plans/1/2/members', ['/plans/*/members']],
    ['GET', '/plans', []],
    ['get', '/plans/1', []],
    ['GET', '/PLANS/1', []],
    ['POST', '/plans', ['/plans']],
    ['POST', '/plans/', []],
    ['PUT', '/admin', ['/admin*']],
    ['PUT', '/administrators/x', ['/admin*']],
    ['HEAD', '/plans/1', ['/plans/*']],
    ['GET', '/op%65n', []],
    ['GET', '/%6fpen', []],
  ])('matches %s %s as %j', (method, path, expected) => {
    expect(paths(method, path)).toEqual(expected);
  });

  test('opens with its scopes, and two that overlap with those of both', () => {
    expect(routesAllow(table, 'GET', '/plans/1/members', ['plans:read'])).toBe(false);
    expect(routesAllow(table, 'GET', '/plans/1/members', ['members:read'])).toBe(false);
    expect(routesAllow(table, 'GET', '/plans/1/members', ['members:read', 'plans:read'])).toBe(true);
    expect(routesAllow(table, 'GET', '/open', [])).toBe(true);
  });

  test('that matches nothing opens nothing, and neither does an empty table or an unknown path', () => {
    expect(routesAllow(table, 'GET', '/else', ['admin'])).toBe(false);
    expect(routesAllow(compileRoutes([]), 'GET', '/open', [])).toBe(false);
    expect(routesAllow(table, undefined, '/open', [])).toBe(false);
    expect(routesAllow(table, 'GET', undefined, [])).toBe(false);
  });

  test('belongs to the allowed or to the denied ones of an answer that is reused', () => {
    const { allowed, denied } = partRoutes(table, ['plans:read']);
    expect(allowed.map(({ path }) => path)).toEqual(['/plans/*', '/open']);
    expect(denied.map(({ path }) => path)).toEqual(['/plans', '/plans/*/members', '/admin*']);
  });
});

describe('a path', () => {
  const everything = compileRoutes([{ method: '*', path: '*', scopes: [] }]);

  test.each([
    '/a/../b',
    '/..',
    '/a/..',
    '/./a',
    '/a/.',
    '/a/%2e%2e/b',
    '/a/.%2E/b',
    '/a/%252e%252e/b',
    '/a/..;x=1/b',
    '/a%2fb',
    '/a%2Fb',
    '/a%5cb',
    '/a%5Cb',
    '/a\\b',
    '/a%252fb',
    '/a%25252fb',
    '/a%00b',
    '/a%0d%0ab',
    '/a\tb',
    '/a//b',
    '//a',
    '/a//',
    '/a%',
    '/a%zz',
    '/a%ff',
    '/...',
    '/a#/../b',
    '/op%65n',
    '',
    'a',
    '*',
    'http://host/a',
    '?/a',
  ])('%j is denied, since servers disagree on it', (path) => {
    expect(matchRoutes(everything, 'GET', path)).toEqual([]);
  });

  test.each(['/', '/a', '/a/', '/a.b', '/.well-known/x', '/a%20b', '/%C3%A9', '/a?b=..%2f', '/a*'])(
    '%j is matched',
    (path) => {
      expect(matchRoutes(everything, 'GET', path)).toHaveLength(1);
    },
  );

  test('matches the same routes however its reserved characters are encoded', () => {
    const reserved = compileRoutes([...":@!$&'()+,="].map((it) => ({ method: '*', path: `/*${it}*`, scopes: [] })));
    const letters = fc.array(fc.constantFrom(...":@!$&'()+,=ab/"), { maxLength: 30 });
    const matched = (path: string): string[] => matchRoutes(reserved, 'GET', path).map((route) => route.path);
    fc.assert(
      fc.property(letters, fc.array(fc.boolean(), { maxLength: 31 }), (parts, encode) => {
        const encoded = parts.map((letter, index) =>
          encode[index] === true && /[^ab/]/.test(letter) ? `%${letter.charCodeAt(0).toString(16)}` : letter,
        );
        expect(matched(`/${encoded.join('')}`)).toEqual(matched(`/${parts.join('')}`));
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  test('with an encoded slash or dot segment is denied wherever that stands', () => {
    const odd = fc.constantFrom('%2f', '%2F', '%5c', '\\', '/../', '/./', '/%2e%2e/', '/.%2e/', '//', '%252f', '%00');
    const part = fc.stringMatching(/^[a-z0-9/._-]{0,12}$/);
    fc.assert(
      fc.property(part, odd, part, (before, middle, after) => {
        expect(matchRoutes(everything, 'GET', `/${before}${middle}${after}`)).toEqual([]);
      }),
      { seed: 5, numRuns: 1000 },
    );
  });
});

describe('a star', () => {
  /** What a star means, spelt out slowly. */
  function slowly(pattern: string, path: string): boolean {
    if (pattern === '') return path === '';
    if (pattern.startsWith('*')) {
      return Array.from({ length: path.length + 1 }, (_, n) => path.slice(n)).some((rest) =>
        slowly(pattern.slice(1), rest),
      );
    }
    return path.startsWith(pattern.charAt(0)) && slowly(pattern.slice(1), path.slice(1));
  }

  test('stands for any characters, slashes included', () => {
    const segments = (letters: string): fc.Arbitrary<string> =>
      fc
        .array(fc.constantFrom(...letters), { maxLength: 10 })
        .map((parts) => `/${parts.join('')}`.replaceAll(/\/{2,}/g, '/'));
    fc.assert(
      fc.property(segments('ab*/'), segments('ab/'), (pattern, path) => {
        const found = matchRoutes(compileRoutes([{ method: '*', path: pattern, scopes: [] }]), 'GET', path);
        expect(found.length === 1).toBe(slowly(pattern, path));
      }),
      { seed: 6, numRuns: 5000 },
    );
  });

  test('is matched at once even for a path made to make it search, for which some matchers take for ever', () => {
    const pattern = `/${'*a'.repeat(200)}b`;
    expect(
      matchRoutes(compileRoutes([{ method: '*', path: pattern, scopes: [] }]), 'GET', `/${'a'.repeat(8000)}`),
    ).toEqual([]);
  });
});

describe('a route that cannot be matched is refused, and the error names it', () => {
  test.each<[unknown, string]>([
    [{ method: 'GET', path: 'plans', scopes: [] }, 'routes[0].path'],
    [{ method: 'GET', path: '/plans/{id}', scopes: [] }, 'routes[0].path'],
    [{ method: 'GET', path: '/a%20b', scopes: [] }, 'routes[0].path'],
    [{ method: 'GET', path: '/a?b', scopes: [] }, 'routes[0].path'],
    [{ method: 'GET', path: '/a/../b', scopes: [] }, 'routes[0].path'],
    [{ method: 'GET', path: '/a//b', scopes: [] }, 'routes[0].path'],
    [{ method: 'GET', path: 1, scopes: [] }, 'routes[0].path'],
    [{ method: 'GET POST', path: '/a', scopes: [] }, 'routes[0].method'],
    [{ method: '', path: '/a', scopes: [] }, 'routes[0].method'],
    [{ path: '/a', scopes: [] }, 'routes[0].method'],
    [{ method: 'GET', path: '/a' }, 'routes[0].scopes'],
    [{ method: 'GET', path: '/a', scopes: 'x' }, 'routes[0].scopes'],
    [{ method: 'GET', path: '/a', scopes: [1] }, 'routes[0].scopes'],
    [{ method: 'GET', path: '/a', scopes: ['"'] }, 'routes[0].scopes'],
    [{ method: 'GET', path: '/a', scope: ['x'], scopes: [] }, 'routes[0].scope'],
    [null, 'routes[0]'],
  ])('%j', (route, option) => {
    // @ts-expect-error -- routes may come from a configuration file
    const compile = (): unknown => compileRoutes([route]);
    expect(compile).toThrow(AuthorizerConfigError);
    expect(compile).toThrow(expect.objectContaining({ option }));
  });

  test('as is a table that is no list', () => {
    // @ts-expect-error -- routes may come from a configuration file
    expect(() => compileRoutes({})).toThrow(AuthorizerConfigError);
  });
});
