/** Route matching: stars across slashes, every matching route's scopes, and paths that servers read differently. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { World } from '../test/world.ts';
import { routesArePublic } from './routes.ts';
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
    '/a%c0%ae',
    '/a%ed%a0%80',
    '/a%u002e',
    '/...',
    '/a.',
    '/a./b',
    '/a%20',
    '/a%20/b',
    '/a.;x/b',
    '/a%20;x',
    '/a%c2%a0/b',
    '/;x/a',
    '/a/;',
    '/a/;x/b',
    '/a::$DATA',
    '/a%3a%3A%24data/b',
    '/a:$I30:$INDEX_ALLOCATION/b',
    '/a%ef%bc%8fb',
    '/a%ef%bc%8eb',
    '/a%ef%bc%bcb',
    '/a%ef%bc%85b',
    '/a%ef%bc%9fb',
    '/a%ef%bc%83b',
    '/a%cd%beb',
    '/a/%e2%80%a5/b',
    '/a/..%e2%80%8b/b',
    '/a/.%e2%80%8b./b',
    '/a%e3%80%80',
    '/a.%c2%ad/b',
    '/a:%e2%80%8b:$data',
    '/%e2%80%8b',
    '/%e2%80%8b/a',
    '/a%c2%85b',
    '/a%3Fb',
    '/a%23b',
    '/a%25b',
    '/a%5fb',
    '/a%2db',
    '/a%30b',
    '/a%5Ab',
    '/a?b#',
    '/a?b c',
    '/a?%',
    '/a?\u00e9',
    '/a\u00e9',
    '/a b',
    '/a"b',
    '/a<b',
    '/a>b',
    '/a^b',
    '/a`b',
    '/a{b}',
    '/a\u007f',
    'http:/a',
    '\\a',
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

  test.each([
    '/',
    '/a',
    '/a/',
    '/a.b',
    '/a..b',
    '/.well-known/x',
    '/a%20b',
    '/%20a',
    '/%C3%A9',
    '/%f0%9f%98%80',
    '/e%CC%81',
    '/%E2%9C%93',
    '/a?b=..%2f',
    '/a??/',
    '/a?',
    '/a*',
    "/!$&'()*+,=:@",
    '/%21%24%26%27%28%29%2a%2B%2c%3D%3a%40',
    '/[a]|b?[c]|d',
    '/%5Ba%5d%7C',
    '/a%22%3C%3e%5E%60%7b%7D',
    '/~a/%7Eb/%7eb',
    '/a;b=1/c;d',
    '/a%3Bb',
    '/a:$b',
  ])('%j is matched', (path) => {
    expect(matchRoutes(everything, 'GET', path)).toHaveLength(1);
  });

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

describe('a looser reading', () => {
  const weak = { method: '*', path: '/*', scopes: [] };
  test.each([
    ['/Admin/K', '/admin/k'],
    ['/admin/k', '/Admin/K'],
    ['/admin/', '/admin'],
    ['/admin', '/admin/'],
    ['/admin', '/admin/*'],
    ['/ADMIN/', '/admin'],
    ['/admin;x', '/admin'],
    ['/admin%3bx', '/admin'],
    ['/ADMIN;x/', '/admin'],
    ['/a;b/admin;c', '/a/admin'],
    ['/admin;/x', '/admin'],
    ['/a;b/c;d', '/a;b/c'],
    ['/%c3%89', '/\u00e9'],
    ['/e%cc%81', '/\u00e9'],
    ['/%ef%bd%81dmin', '/admin'],
    ['/adm%e2%80%8bin', '/admin'],
    ['/adm%c4%b1n', '/admin'],
    ['/adm%c4%b0n', '/admin'],
    ['/%c5%bftatus', '/status'],
    ['/%e2%84%aaey', '/key'],
    ['/stra%c3%9fe', '/STRASSE'],
    ['/%ce%b1%cf%82', '/\u0391\u03a3'],
  ])('of %s takes the scopes of %s as well', (path, strong) => {
    const both = compileRoutes([weak, { method: '*', path: strong, scopes: ['x'] }]);
    expect(matchRoutes(both, 'GET', path).map((route) => route.path)).toEqual(['/*', strong]);
    expect([routesAllow(both, 'GET', path, []), routesAllow(both, 'GET', path, ['x'])]).toEqual([false, true]);
  });

  test.each(['/ADMIN', '/admin/'])('of %s is left out where paths are exact', (path) => {
    const both = compileRoutes([weak, { method: '*', path: '/admin', scopes: ['x'] }], { exactPaths: true });
    expect(matchRoutes(both, 'GET', path).map((route) => route.path)).toEqual(['/*']);
    expect(matchRoutes(both, 'GET', '/admin;x')).toHaveLength(2);
  });

  test('opens nothing that no route names as it is written, or without its parameters', () => {
    const files = compileRoutes([{ method: '*', path: '/files/*.pdf', scopes: [] }]);
    for (const path of ['/FILES/a.pdf', '/files/a.pdf/', '/files/a.txt;.pdf', '/files/a.txt;/b.pdf;c']) {
      expect([path, matchRoutes(files, 'GET', path)]).toEqual([path, []]);
    }
    expect(matchRoutes(files, 'GET', '/files/a;b/c.pdf')).toHaveLength(1);
    const matrix = compileRoutes([{ method: '*', path: '/maps/*;v=*', scopes: [] }]);
    expect(matchRoutes(matrix, 'GET', '/maps/a;v=1')).toHaveLength(1);
  });
});

describe('HEAD', () => {
  test('takes the scopes of the routes for GET and for HEAD', () => {
    const heads = compileRoutes([
      { method: 'GET', path: '/*', scopes: ['get'] },
      { method: 'HEAD', path: '/a', scopes: ['head'] },
      { method: 'POST', path: '/a', scopes: ['post'] },
    ]);
    expect(matchRoutes(heads, 'HEAD', '/a').flatMap(({ scopes }) => scopes)).toEqual(['get', 'head']);
    expect(matchRoutes(heads, 'GET', '/a').flatMap(({ scopes }) => scopes)).toEqual(['get']);
  });
});

describe('a public route', () => {
  const scoped = (method: string, path: string): Route => ({ method, path, scopes: [] });
  test.each<[Route, Route]>([
    [{ path: '/up', public: true }, scoped('GET', '/up')],
    [{ path: '/up', public: true }, scoped('POST', '/*')],
    [{ path: '/up', public: true }, scoped('GET', '*')],
    [{ path: '/up', public: true }, scoped('GET', '/UP')],
    [{ path: '/up', public: true }, scoped('GET', '/up/')],
    [{ path: '/up/', public: true }, scoped('GET', '/up')],
    [{ path: '/up', public: true }, scoped('GET', '/up/*')],
    [{ path: '/up/*', public: true }, scoped('GET', '/up')],
    [{ path: '/\uff55p', public: true }, scoped('GET', '/up')],
    [{ path: '/up;x', public: true }, scoped('GET', '/up')],
    [{ path: '/up', public: true }, scoped('GET', '/up;x')],
    [{ path: '/files/*.pdf', public: true }, scoped('GET', '/files/*.txt')],
    [{ method: 'HEAD', path: '/up', public: true }, scoped('GET', '/up')],
    [{ method: 'GET', path: '/up', public: true }, scoped('HEAD', '/up')],
    [{ method: 'options', path: '/*', public: true }, scoped('any', '/plans')],
  ])('%j may not overlap %j', (open, other) => {
    for (const given of [
      [open, other],
      [other, open],
    ]) {
      const option = `routes[${given.indexOf(open)}].public`;
      expect(() => compileRoutes(given)).toThrow(expect.objectContaining({ option }));
    }
  });

  test.each<[Route, Route]>([
    [{ path: '/up', public: true }, scoped('GET', '/upper')],
    [{ method: 'OPTIONS', path: '/*', public: true }, scoped('GET', '/*')],
    [{ path: '/*/health', public: true }, scoped('GET', '/*/plans')],
    [{ path: '/static/*', public: true }, scoped('GET', '/api/*')],
  ])('%j may stand beside %j', (open, other) => {
    expect(compileRoutes([open, other]).routes).toHaveLength(2);
  });

  test.each<[object, string]>([
    [{ path: '/up', public: true, scopes: [] }, 'routes[0].scopes'],
    [{ path: '/up', public: 'yes' }, 'routes[0].public'],
    [{ path: '/up', public: 1, scopes: [] }, 'routes[0].public'],
    [{ path: '/up', public: null }, 'routes[0].public'],
    [{ path: '/up', public: false }, 'routes[0].method'],
    [{ path: '/up', public: true, method: '' }, 'routes[0].method'],
    [{ path: 'up', public: true }, 'routes[0].path'],
  ])('is not %j', (route, option) => {
    // @ts-expect-error -- routes may come from a configuration file
    expect(() => compileRoutes([route])).toThrow(expect.objectContaining({ option }));
  });

  test('is of no use to a request that any reading takes elsewhere', () => {
    const world = compileRoutes([{ path: '/*/cover', public: true }, scoped('GET', '/files')]);
    expect(routesArePublic(world, 'GET', '/files/cover')).toBe(true);
    for (const path of ['/files;/cover', '/FILES;x/cover', '/files', '/a/cover;x/b', '/a%2fcover', '/b/../a/cover']) {
      expect([path, routesArePublic(world, 'GET', path)]).toEqual([path, false]);
    }
    expect(routesArePublic(world, undefined, '/files/cover')).toBe(false);
    expect(routesArePublic(compileRoutes([]), 'GET', '/')).toBe(false);
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

  test.each(['false', 1, null, {}])('as are paths that are exact to the degree of %j', (exactPaths) => {
    const wrong = expect.objectContaining({ option: 'exactPaths' });
    // @ts-expect-error -- options may come from a configuration file
    expect(() => compileRoutes([], { exactPaths })).toThrow(wrong);
    // @ts-expect-error -- as above
    expect(() => new World().authorizer({ exactPaths })).toThrow(wrong);
  });

  test('as is a table that is no list', () => {
    // @ts-expect-error -- routes may come from a configuration file
    expect(() => compileRoutes({})).toThrow(AuthorizerConfigError);
  });
});
