/** Which scopes a request needs: routes with `*` in their paths, matched in linear time. */
import { coversScopes, parseScopes } from '@apikey/shared';
import { AuthorizerConfigError, refuseUnknown } from './config-error.ts';
import { canonicalPath, routePathTrouble } from './route-path.ts';

export interface Route {
  /** An HTTP method; `*` or `ANY` = every method. */
  readonly method: string;
  /** The decoded path, case-sensitive; `*` stands for any characters, `/` included. */
  readonly path: string;
  /** All of them are needed; none = any live token. */
  readonly scopes: readonly string[];
}

/** Routes that were checked and prepared by `compileRoutes`. */
export interface RouteTable {
  readonly routes: readonly CompiledRoute[];
}

export interface CompiledRoute extends Route {
  /** The path's fixed parts, between its stars. */
  readonly parts: readonly string[];
}

/** Checks routes and prepares them for matching. Throws `AuthorizerConfigError`; `option` names them in its text. */
export function compileRoutes(routes: readonly Route[], option = 'routes'): RouteTable {
  if (!Array.isArray(routes)) throw new AuthorizerConfigError(option, 'must be a list of { method, path, scopes }');
  return Object.freeze({ routes: Object.freeze(routes.map((route, index) => compile(route, `${option}[${index}]`))) });
}

/** The one route by which every request needs these scopes. */
export function everyRequest(scopes: readonly string[]): RouteTable {
  return compileRoutes([{ method: '*', path: '*', scopes }]);
}

function compile(route: unknown, option: string): CompiledRoute {
  if (typeof route !== 'object' || route === null) {
    throw new AuthorizerConfigError(option, 'must be { method, path, scopes }');
  }
  refuseUnknown(route, ['method', 'path', 'scopes'], `${option}.`);
  const given: { readonly method?: unknown; readonly path?: unknown; readonly scopes?: unknown } = route;
  const method = routeMethod(given.method, `${option}.method`);
  const { path } = given;
  const trouble = typeof path === 'string' ? routePathTrouble(path) : 'must be a string';
  if (trouble !== undefined || typeof path !== 'string')
    throw new AuthorizerConfigError(`${option}.path`, trouble ?? '');
  const scopes = Object.freeze(parseScopeOption(given.scopes, `${option}.scopes`));
  return Object.freeze({ method, path, scopes, parts: Object.freeze(path.split('*')) });
}

function routeMethod(method: unknown, option: string): string {
  if (typeof method === 'string') {
    const upper = method.toUpperCase();
    if (upper === '*' || upper === 'ANY') return '*';
    if (/^[A-Z]{1,20}$/.test(upper)) return upper;
  }
  throw new AuthorizerConfigError(option, 'must be an HTTP method like GET, or * for every method');
}

/** Checks a list of scopes. Throws `AuthorizerConfigError`; `option` names it in its text. */
export function parseScopeOption(scopes: unknown, option: string): string[] {
  const texts: readonly unknown[] | undefined = Array.isArray(scopes) ? scopes : undefined;
  const names = texts?.filter((scope) => typeof scope === 'string');
  if (names === undefined || names.length !== texts?.length) {
    throw new AuthorizerConfigError(option, 'must be a list of scopes; an empty one admits every live token');
  }
  try {
    return parseScopes(names);
  } catch (cause) {
    throw new AuthorizerConfigError(option, 'holds something that is not a scope', cause);
  }
}

/**
 * The routes that a request matches. None when its path is ambiguous (encoded slashes, backslashes, dot segments): servers
 * disagree on what such a path names, so none of them may be told that it was allowed.
 *
 * @param method compared exactly: HTTP methods are case-sensitive (RFC 9110 section 9.1)
 * @param path as received, with or without a query string
 */
export function matchRoutes(table: RouteTable, method: string, path: string): readonly CompiledRoute[] {
  const canonical = canonicalPath(path);
  if (canonical === undefined) return [];
  return table.routes.filter((route) => matches(route, method, canonical));
}

/** Whether these scopes open the request: some route matches, and the scopes of every matching route are there. */
export function routesAllow(
  table: RouteTable,
  method: string | undefined,
  path: string | undefined,
  scopes: readonly string[],
): boolean {
  if (method === undefined || path === undefined) return false;
  const canonical = canonicalPath(path);
  if (canonical === undefined) return false;
  let matched = false;
  for (const route of table.routes) {
    if (!matches(route, method, canonical)) continue;
    if (!coversScopes(scopes, route.scopes)) return false;
    matched = true;
  }
  return matched;
}

/** All routes, parted by whether these scopes cover them. An answer that is reused must allow the first and deny the rest. */
export function partRoutes(
  table: RouteTable,
  scopes: readonly string[],
): { readonly allowed: readonly CompiledRoute[]; readonly denied: readonly CompiledRoute[] } {
  const covered = (route: CompiledRoute): boolean => coversScopes(scopes, route.scopes);
  return { allowed: table.routes.filter(covered), denied: table.routes.filter((route) => !covered(route)) };
}

function matches(route: CompiledRoute, method: string, canonical: string): boolean {
  return (route.method === '*' || route.method === method) && matchesParts(route.parts, canonical);
}

/**
 * Whether `path` is the parts in order with anything between them. Taking each middle part where it first occurs is enough:
 * a later place would only leave less room for the rest.
 */
function matchesParts(parts: readonly string[], path: string): boolean {
  const first = parts[0] ?? '';
  if (parts.length === 1) return path === first;
  const last = parts.at(-1) ?? '';
  const end = path.length - last.length;
  if (!path.startsWith(first) || !path.endsWith(last)) return false;
  let at = first.length;
  for (let middle = 1; middle < parts.length - 1; middle++) {
    const part = parts[middle] ?? '';
    const found = path.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at <= end;
}
