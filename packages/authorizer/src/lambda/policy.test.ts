/** Policies say of every request what the routes say, as far as the gateway can be asked through its ARN. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BASE } from '../../test/lambda-events.ts';
import { compileRoutes, routesAllow, type Route } from '../routes.ts';
import { largestPolicy, policyAllows, policyMaker } from './policy.ts';

const routes: Route[] = [
  { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
  { method: 'POST', path: '/plans', scopes: ['plans:write'] },
  { method: '*', path: '/plans/*/members', scopes: ['members:read'] },
  { method: 'GET', path: '/', scopes: [] },
];

function resources(given: readonly Route[], scopes: readonly string[], effect: 'Allow' | 'Deny'): string[] {
  const { Statement } = policyMaker(compileRoutes(given))({ base: BASE }, scopes);
  return Statement.filter(({ Effect }) => Effect === effect)
    .flatMap(({ Resource }) => Resource)
    .map((resource) => resource.slice(BASE.length));
}

describe('a policy', () => {
  test('allows the routes that the scopes cover, and denies each of the others', () => {
    expect(resources(routes, ['plans:read'], 'Allow')).toEqual(['/GET/plans/*', '/GET/']);
    const denied = resources(routes, ['plans:read'], 'Deny');
    expect(denied).toContain('/POST/plans');
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(denied).toContain(`/${method}/plans/*/members`);
    }
  });

  test('names API and stage in every resource, and is never open to more than them', () => {
    for (const table of [undefined, compileRoutes(routes)]) {
      const { Statement } = policyMaker(table)({ base: BASE }, ['plans:read', 'plans:write', 'members:read']);
      for (const resource of Statement.flatMap(({ Resource }) => Resource)) {
        expect(resource.startsWith(`${BASE}/`)).toBe(true);
        expect(resource).not.toContain('${');
      }
    }
  });

  test('opens all of its API and stage where no routes are set, and nothing where none is left', () => {
    expect(policyMaker(undefined)({ base: BASE }, []).Statement).toEqual([
      { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: [`${BASE}/*/*`] },
    ]);
    for (const table of [compileRoutes([]), compileRoutes(routes.slice(0, 2))]) {
      expect(policyMaker(table)({ base: BASE }, []).Statement).toEqual([
        { Action: 'execute-api:Invoke', Effect: 'Deny', Resource: [`${BASE}/*/*`] },
      ]);
    }
  });

  test('for every method does not open deeper paths that only end alike', () => {
    const policy = policyMaker(compileRoutes([{ method: '*', path: '/plans', scopes: [] }]))({ base: BASE }, []);
    expect(policyAllows(policy, `${BASE}/PATCH/plans`)).toBe(true);
    expect(policyAllows(policy, `${BASE}/GET/secret/plans`)).toBe(false);
  });

  test.each([
    '/plans/..%2fadmin',
    '/plans/..%2Fadmin',
    '/plans/%2e%2e/admin',
    '/plans/.%2E/admin',
    '/plans/%252e%252e/admin',
    '/plans/../admin',
    '/plans/..',
    '/plans/..;x=1/admin',
    '/plans/./1',
    '/plans/.',
    '/plans//1',
    '/plans/a\\b',
    '/plans/a%5cb',
    '/plans/%00',
  ])('denies the ambiguous path %s, which a star would match', (path) => {
    const policy = policyMaker(compileRoutes(routes))({ base: BASE }, ['plans:read', 'members:read']);
    expect(policyAllows(policy, `${BASE}/GET/plans/1`)).toBe(true);
    expect(policyAllows(policy, `${BASE}/GET${path}`)).toBe(false);
  });

  test('lets no other spelling of a denied path through the star of an allowed one', () => {
    const overlapping: Route[] = [
      { method: 'GET', path: '/plans/*', scopes: [] },
      { method: 'GET', path: '/plans/secret', scopes: ['admin'] },
    ];
    const make = policyMaker(compileRoutes(overlapping));
    const [open, closed] = [make({ base: BASE }, ['admin']), make({ base: BASE }, [])];
    const spelt = `${BASE}/GET/plans/s%65cret`;
    expect([policyAllows(open, spelt), policyAllows(closed, spelt)]).toEqual([true, false]);
    expect(policyAllows(open, `${BASE}/GET/plans/a%20b`)).toBe(true);
    for (const path of [
      'secret/',
      'secret;x',
      'secret::$DATA',
      'secret%20',
      'secret.',
      'secret%3f',
      'se%ef%bd%83ret',
    ]) {
      expect([path, policyAllows(closed, `${BASE}/GET/plans/${path}`)]).toEqual([path, false]);
    }
    expect(policyAllows(closed, `${BASE}/GET/plans/a/`)).toBe(true);
  });

  test('denies a path of which parameters hide that no route is about it', () => {
    const policy = policyMaker(compileRoutes([{ method: 'GET', path: '/files/*.pdf', scopes: [] }]))(
      { base: BASE },
      [],
    );
    expect(policyAllows(policy, `${BASE}/GET/files/a.pdf`)).toBe(true);
    expect(policyAllows(policy, `${BASE}/GET/files/secret.txt;.pdf`)).toBe(false);
  });

  test('denies no other end of a path where the servers behind are exact', () => {
    const table = compileRoutes(
      [
        { method: 'GET', path: '/plans/*', scopes: [] },
        { method: 'GET', path: '/plans/secret', scopes: ['admin'] },
      ],
      { exactPaths: true },
    );
    expect(policyAllows(policyMaker(table)({ base: BASE }, []), `${BASE}/GET/plans/secret/`)).toBe(true);
  });
});

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];
const SCOPES = ['a', 'b', 'c'];
/** Few letters, so that patterns and paths meet. */
const segments = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 3 }), { maxLength: 3 });
const pattern = segments
  .map((parts) => `/${parts.filter((part) => part !== '').join('/')}`)
  .filter((path) => !path.includes('//'));
const route: fc.Arbitrary<Route> = fc.record({
  method: fc.constantFrom(...METHODS, '*'),
  path: pattern,
  scopes: fc.subarray(SCOPES, { maxLength: 2 }),
});
const path = fc
  .array(fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), minLength: 1, maxLength: 3 }), { maxLength: 4 })
  .chain((parts) => fc.constantFrom(`/${parts.join('/')}`, `/${[...parts, ''].join('/')}`))
  .filter((it) => it !== '//');

/** Whether the routes allow a request. Policies name methods one by one: those for GET are not for HEAD as well. */
function allows(given: readonly Route[], method: string, requested: string, scopes: readonly string[]): boolean {
  const named = method === 'HEAD' ? given.filter((it) => it.method !== 'GET') : given;
  return routesAllow(compileRoutes(named), method, requested, scopes);
}

describe('for any routes, scopes, method and path', () => {
  test('a policy allows exactly what the routes do', () => {
    fc.assert(
      fc.property(
        fc.array(route, { maxLength: 5 }),
        fc.subarray(SCOPES),
        fc.constantFrom(...METHODS),
        path,
        (given, scopes, method, requested) => {
          const policy = policyMaker(compileRoutes(given))({ base: BASE }, scopes);
          const allowed = allows(given, method, requested, scopes);
          expect(policyAllows(policy, `${BASE}/${method}${requested}`)).toBe(allowed);
        },
      ),
      { seed: 5, numRuns: 3000 },
    );
  });

  test('a policy allows no spelling of a path that the routes deny', () => {
    const units = ['a', 'b', '/', '.', '..', '%61', '%62', '%2f', '%2E', '%25', '\\', ';', '%c3%a4'];
    const spelt = fc.array(fc.constantFrom(...units), { maxLength: 8 }).map((parts) => `/${parts.join('')}`);
    fc.assert(
      fc.property(
        fc.array(route, { maxLength: 5 }),
        fc.subarray(SCOPES),
        fc.constantFrom(...METHODS),
        spelt,
        (given, scopes, method, requested) => {
          const policy = policyMaker(compileRoutes(given))({ base: BASE }, scopes);
          if (policyAllows(policy, `${BASE}/${method}${requested}`)) {
            // Routes refuse an encoded letter as such; a policy lets it pass where the letter would.
            const plain = requested.replaceAll('%61', 'a').replaceAll('%62', 'b');
            expect(allows(given, method, plain, scopes)).toBe(true);
          }
        },
      ),
      { seed: 6, numRuns: 3000 },
    );
  });

  test('the largest policy is at least as long as any', () => {
    fc.assert(
      fc.property(fc.array(route, { maxLength: 5 }), fc.subarray(SCOPES), (given, scopes) => {
        const table = compileRoutes(given);
        const length = JSON.stringify(policyMaker(table)({ base: BASE }, scopes)).length;
        expect(JSON.stringify(largestPolicy({ base: BASE }, table)).length).toBeGreaterThanOrEqual(length);
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
