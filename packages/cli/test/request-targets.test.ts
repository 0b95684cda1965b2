/** What is judged about a request target is what any server makes of it, or the target is denied. */
import { connect } from 'node:net';
import { canonicalTarget, compileRoutes, matchRoutes, type RouteTable } from '@apikey/authorizer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startBackend, startGateway } from './gateway-world.ts';
import { bodyOf, REQUEST_TARGETS, RESOURCES, ROUTES } from './request-targets.ts';
import { Session } from './session.ts';
import { ALL_STEPS, ignoresCase, readBy, SERVERS, STEPS, stepsOf, type Step } from './target-readers.ts';

/** What a star means, by a regular expression: for short texts. */
function matches(pattern: string, path: string): boolean {
  const source = pattern.split('*').map((part) => part.replaceAll(/[^\w/]/g, String.raw`\$&`));
  return new RegExp(`^${source.join('.*')}$`, 's').test(path);
}

/** The routes that name what a server finds: those whose scopes must have been needed. */
function routesOf(table: RouteTable, steps: readonly Step[], target: string): string[] {
  const path = readBy(steps, target);
  const fold = (text: string): string => (ignoresCase(steps) ? text.toLowerCase().normalize('NFKC') : text);
  return table.routes.map((route) => route.path).filter((pattern) => matches(fold(pattern), fold(path)));
}

function missed(table: RouteTable, steps: readonly Step[], target: string): string[] {
  const judged = matchRoutes(table, 'GET', target).map((route) => route.path);
  return judged.length === 0 ? [] : routesOf(table, steps, target).filter((pattern) => !judged.includes(pattern));
}

const table = compileRoutes(ROUTES);

describe('the targets of the corpus', () => {
  it('are many, and each of them once', () => {
    expect(REQUEST_TARGETS.length).toBeGreaterThanOrEqual(300);
    expect(new Set(REQUEST_TARGETS.map(({ target }) => target)).size).toBe(REQUEST_TARGETS.length);
  });

  it.each(Object.entries(SERVERS))('are never another resource to %s than the one that was judged', (_, names) => {
    const steps = stepsOf(names);
    for (const { target } of REQUEST_TARGETS) expect([target, missed(table, steps, target)]).toEqual([target, []]);
  });

  it('are let in where they are harmless', () => {
    const harmless = REQUEST_TARGETS.filter(({ kind }) => kind === 'harmless');
    for (const { target } of harmless) {
      expect([target, matchRoutes(table, 'GET', target).length > 0]).toEqual([target, true]);
    }
    expect(harmless.length).toBeGreaterThan(30);
  });
});

/** Pieces of targets that mean something to somebody. */
const PIECES = [
  'a b A B admin ADMIN / / / . .. ... - ~ ; ;x %3b %3Bx : ::$DATA %3a%3a%24data [ ] | * + "',
  String.raw`%20 %2e %2E %2f %5c %5C \ %25 %252e %252f %00 %0a %7e %7E %41 %61 % %u002e # ? %23 %3f`,
  '%ef%bd%81 %ef%bc%a1 %ef%bc%8f %ef%bc%8e %e2%80%a4 %e2%80%a5 %e2%80%8b %c2%a0 %c2%ad %cc%81 %c3%a9 e%cc%81',
  '%c0%ae %c0%af %ff %c4%b0 %c4%b1 %c5%bf %e2%84%aa %cd%be %c3%9f \xe9 \x01 \x7f',
].flatMap((line) => line.split(' '));
const piece = fc.constantFrom(' ', ...PIECES);
const target = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => `/${pieces.join('')}`);
const pattern = fc
  .array(fc.constantFrom('a', 'b', 'A', 'admin', '/', '/', '*', '.', ';x', '\u00e9'), { minLength: 1, maxLength: 6 })
  .map((parts) => `/${parts.join('')}`)
  .filter((path) => !/\/\/|[.](?:\/|;|$)|\/;/.test(path));

/** A route that names what a server finds, or that and others: as a whole, by its beginning, or by its end. */
function routeTo(path: string, cut: number, form: 'whole' | 'begins' | 'ends'): string {
  const at = cut % (path.length + 1);
  return form === 'whole' ? path : form === 'begins' ? `${path.slice(0, at)}*` : `/*${path.slice(at)}`;
}

function compiled(paths: readonly string[], exactPaths: boolean): RouteTable | undefined {
  try {
    return compileRoutes(
      paths.map((path) => ({ method: '*', path, scopes: [] })),
      { exactPaths },
    );
  } catch {
    // No route can name such a path.
    return undefined;
  }
}

describe('for any target', () => {
  it.each([
    ['by any steps in any order', false, ALL_STEPS],
    ['by any steps in any order that an exact server takes, with exactPaths', true, STEPS],
  ])('a route to what a server finds %s is among those whose scopes are needed', (_, exactPaths, steps) => {
    const taken = fc.array(fc.constantFrom(...steps), { maxLength: 4 });
    const form = fc.constantFrom('whole', 'begins', 'ends');
    const decodes = stepsOf(['decodes']);
    let judged = 0;
    fc.assert(
      fc.property(taken, taken, target, fc.nat(40), form, (before, after, asked, cut, how) => {
        if (canonicalTarget(asked) === undefined) return;
        const server = [...before, ...decodes, ...after];
        const found = readBy(server, asked);
        const path = routeTo(found, cut, how);
        // A server that encodes again names resources by other texts than routes do, and no star parts a letter from its accent.
        if (found.includes('%') || /\*\p{M}/u.test(path)) return;
        const routes = compiled(['/*', path], exactPaths);
        if (routes === undefined) return;
        expect(missed(routes, server, asked)).toEqual([]);
        judged += 1;
      }),
      { seed: 16, numRuns: 60_000 },
    );
    expect(judged).toBeGreaterThan(5_000);
  });

  it('a target that is let in names something that a route is about, with its parameters and without', () => {
    const named = fc.array(pattern, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(named, target, (patterns, asked) => {
        const routes = compileRoutes(patterns.map((path) => ({ method: '*', path, scopes: [] })));
        if (matchRoutes(routes, 'GET', asked).length === 0) return;
        expect(routesOf(routes, stepsOf(['decodes']), asked)).not.toEqual([]);
        if (patterns.some((path) => path.includes(';'))) return;
        expect(routesOf(routes, stepsOf(['decodes', 'strips parameters (Tomcat)']), asked)).not.toEqual([]);
      }),
      { seed: 17, numRuns: 20_000 },
    );
  });

  it('what is passed on is the path that was judged, in the one spelling of RFC 3986, and the query as it came', () => {
    const whole = fc
      .tuple(target, fc.constantFrom('', '?', '?x=%2e%2F&y=%zz', '?a[]=1|2', '?%7e%2f/../?;'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(whole, fc.constantFrom(...REQUEST_TARGETS.map((given) => given.target))), (asked) => {
        const passed = canonicalTarget(asked);
        const everything = compileRoutes([{ method: '*', path: '*', scopes: [] }]);
        expect(passed !== undefined).toBe(matchRoutes(everything, 'GET', asked).length > 0);
        if (passed === undefined) return;
        expect(canonicalTarget(passed)).toBe(passed);
        const [path = '', query] = [passed.split('?', 1)[0], passed.slice(passed.split('?', 1).join('').length)];
        expect(path).toMatch(/^(?:\/(?:[\w.~!$&'()*+,;=:@-]|%[0-9A-F]{2})*)+$/);
        expect(query).toBe(asked.includes('?') ? asked.slice(asked.indexOf('?')) : '');
        expect(readBy(stepsOf(['decodes']), passed)).toBe(readBy(stepsOf(['decodes']), asked));
      }),
      { seed: 18, numRuns: 20_000 },
    );
  });
});

/** The answer to one request line, sent as it is. */
async function speak(url: string, asked: string, token: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const lines = [`GET ${asked} HTTP/1.1`, 'Host: x', 'Connection: close', `Authorization: Bearer ${token}`, '', ''];
  socket.write(lines.join('\r\n'), 'latin1');
  return (await socket.toArray()).join('');
}

describe('the gateway in front of a server', () => {
  it.each(['Go http.FileServer', 'Node new URL over a decoded path', 'Tomcat', 'IIS'])(
    'that reads like %s gives nothing of the corpus to a token without its scopes',
    async (name) => {
      using session = new Session();
      const { token } = await session.issue('--client', 'partner');
      const steps = stepsOf(SERVERS[name] ?? []);
      const fold = (text: string): string => (ignoresCase(steps) ? text.toLowerCase() : text);
      await using backend = await startBackend((request, response) => {
        const path = fold(readBy(steps, request.url ?? ''));
        const found = RESOURCES.find((resource) => fold(resource.path) === path);
        response.end(found === undefined ? 'nothing' : bodyOf(found));
      });
      await using gateway = await startGateway(session, {
        routes: table,
        upstream: {
          url: new URL(backend.url),
          timeoutMillis: 60_000,
          forwardAuthorization: false,
          passHeaders: new Set(),
        },
      });
      const open = RESOURCES.filter(({ scopes }) => scopes.length === 0).map(bodyOf);
      for (const { target: asked } of REQUEST_TARGETS) {
        const answer = await speak(gateway.url, asked, token);
        if (!answer.startsWith('HTTP/1.1 200')) {
          expect([asked, answer.slice(9, 12)]).toEqual([asked, expect.stringMatching(/^40[03]$/)]);
        } else if (!answer.endsWith('nothing')) {
          expect([asked, open.some((body) => answer.endsWith(body))]).toEqual([asked, true]);
        }
      }
    },
  );
});
