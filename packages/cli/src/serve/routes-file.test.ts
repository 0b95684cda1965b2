import { describe, expect, test } from 'vitest';
import { parseRoutes } from './routes-file.ts';

const parse = (text: string): ReturnType<typeof parseRoutes> => parseRoutes('routes.json', Buffer.from(text));

describe('--routes', () => {
  test('takes a list of routes', () => {
    const { routes } = parse('[{ "method": "GET", "path": "/plans/*", "scopes": ["plans:read"] }]');
    expect(routes).toMatchObject([{ method: 'GET', path: '/plans/*', scopes: ['plans:read'] }]);
  });

  test.each([
    ['an empty file', '', /JSON/],
    ['cut-off JSON', '[{"method":"GET"', /JSON/],
    ['an object', '{"routes":[]}', /a list/],
    ['no route at all', '[]', /every request would be denied/],
    ['something else in the list', '["GET /"]', /route \[0\] must be/],
    [
      'a member that nothing reads',
      '[{"method":"GET","path":"/","scope":["a"]}]',
      /route \[0\]\.scope is not an option/,
    ],
    ['a missing member', '[{"method":"GET","path":"/"}]', /route \[0\]\.scopes must be a list/],
    ['a wrong path', '[{"method":"GET","path":"plans","scopes":[]}]', /route \[0\]\.path must begin with \//],
    ['a wrong method', '[{"method":"GET POST","path":"/","scopes":[]}]', /route \[0\]\.method must be/],
    ['a wrong scope', '[{"method":"GET","path":"/","scopes":["a b\\"c"]}]', /route \[0\]\.scopes/],
    ['a member given twice', '[{"method":"GET","path":"/open","path":"/","scopes":[]}]', /twice/],
    ['text behind the list', '[] "x"', /JSON/],
    ['a trick with the envelope', '[],"routes":[]', /JSON/],
  ])('refuses %s, naming the file and the member', (_, text, why) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: 'routes.json holds no routes',
        why: expect.stringMatching(why),
      }),
    );
  });

  test('refuses bytes that are not UTF-8', () => {
    const bytes = Buffer.from('[{"method":"GET","path":"/\xff","scopes":[]}]', 'latin1');
    expect(() => parseRoutes('routes.json', bytes)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
