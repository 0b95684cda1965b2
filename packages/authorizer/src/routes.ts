/** Which scopes a request needs: routes with `*` in their paths, matched in linear time, in every reading of the path. */
import { coversScopes, parseScopes } from '@apikey/shared';
import { AuthorizerConfigError, refuseUnknown } from './config-error.ts';
import { foldPath, readingsOf } from './path-readings.ts';
import { requirePublicApart } from './public-routes.ts';
import { canonicalPath, routePathTrouble } from './route-path.ts';

/** A route that takes a live token. */
export interface ScopedRoute {
  /** An HTTP method; `*` or `ANY` = every method. `GET` stands for HEAD as well. */
  readonly method: string;
  /** The decoded path; `*` stands for any characters, `/` included. */
  readonly path: string;
  /** All of them are needed; none = any live token. */
  readonly scopes: readonly string[];
  readonly public?: false | undefined;
}

/** A route that takes no token, for health checks and CORS preflight. */
export interface PublicRoute {
  /** Default: every method. */
  readonly method?: string | undefined;
  readonly path: string;
  readonly public: true;
  readonly scopes?: undefined;
}

export type Route = ScopedRoute | PublicRoute;

/** Routes that were checked and prepared by `compileRoutes`. */
export interface RouteTable {
  readonly routes: readonly CompiledRoute[];
  /** The servers behind tell letters by case, and a path from the same with a slash at its end. */
  readonly exactPaths: boolean;
}

export interface CompiledRoute {
  readonly method: string;
  readonly path: string;
  /** None for a public route. */
  readonly scopes: readonly string[];
  readonly public: boolean;
  /** The path's fixed parts, between its stars. */
  readonly parts: readonly string[];
  /** The same for readings that were folded. */
  readonly foldedParts: readonly string[];
}

export interface CompileOptions {
  /** What the routes are called in the text of an error. Default `routes`. */
  readonly option?: string | undefined;
  /** See `AuthorizerOptions.exactPaths`. Default false. */
  readonly exactPaths?: boolean | undefined;
}

/** Checks routes and prepares them for matching. Throws `AuthorizerConfigError`. */
export function compileRoutes(
  routes: readonly Route[],
  { option = 'routes', exactPaths = false }: CompileOptions = {},
): RouteTable {
  if (typeof exactPaths !== 'boolean') throw new AuthorizerConfigError('exactPaths', 'must be true or false');
  if (!Array.isArray(routes)) throw new AuthorizerConfigError(option, 'must be a list of { method, path, scopes }');
  const compiled = routes.map((route, index) => compile(route, `${option}[${index}]`, exactPaths));
  requirePublicApart(compiled, option, exactPaths);
  return Object.freeze({ routes: Object.freeze(compiled), exactPaths });
}

/** The one route by which every request needs these scopes. */
export function everyRequest(scopes: readonly string[]): RouteTable {
  return compileRoutes([{ method: '*', path: '*', scopes }]);
}

function compile(route: unknown, option: string, exactPaths: boolean): CompiledRoute {
  if (typeof route !== 'object' || route === null) {
    throw new AuthorizerConfigError(option, 'must be { method, path, scopes }');
  }
  refuseUnknown(route, ['method', 'path', 'scopes', 'public'], `${option}.`);
  const given: { readonly method?: unknown; readonly path?: unknown; readonly scopes?: unknown; public?: unknown } =
    route;
  const { public: isPublic = false } = given;
  if (typeof isPublic !== 'boolean') throw new AuthorizerConfigError(`${option}.public`, 'must be true or false');
  const method = routeMethod(isPublic ? (given.method ?? '*') : given.method, `${option}.method`);
  const { path } = given;
  const trouble = typeof path === 'string' ? routePathTrouble(path) : 'must be a string';
  if (trouble !== undefined || typeof path !== 'string')
    throw new AuthorizerConfigError(`${option}.path`, trouble ?? '');
  return Object.freeze({
    method,
    path,
    scopes: Object.freeze(
      isPublic ? noScopes(given.scopes, option) : parseScopeOption(given.scopes, `${option}.scopes`),
    ),
    public: isPublic,
    parts: Object.freeze(path.split('*')),
    foldedParts: Object.freeze(foldPath(path, exactPaths).split('*')),
  });
}

function noScopes(scopes: unknown, option: string): readonly string[] {
  if (scopes === undefined) return [];
  throw new AuthorizerConfigError(`${option}.scopes`, 'must be absent: a public route takes no token');
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
 * The routes whose scopes a request needs: those that its path matches as written, and in every looser reading. None, and
 * so a denial, where no route matches the path as written, or what is left of it without `;parameters`, and where the path
 * is outside the grammar.
 *
 * @param method compared exactly: HTTP methods are case-sensitive (RFC 9110 section 9.1). HEAD matches routes for GET too
 * @param path as received, with or without a query string
 */
export function matchRoutes(table: RouteTable, method: string, path: string): readonly CompiledRoute[] {
  const canonical = canonicalPath(path);
  if (canonical === undefined) return [];
  const { bare, folded } = readingsOf(canonical, table.exactPaths);
  const needed: CompiledRoute[] = [];
  let [written, stripped] = [false, bare === undefined];
  for (const route of table.routes) {
    if (!hasMethod(route, method)) continue;
    const exactly = matchesParts(route.parts, canonical);
    if (exactly) written = true;
    // A route with a `;` of its own is about parameters.
    if (bare !== undefined && (matchesParts(route.parts, bare) || (exactly && route.path.includes(';'))))
      stripped = true;
    if (exactly || matchesSome(route.foldedParts, folded)) needed.push(route);
  }
  return written && stripped ? needed : [];
}

/** Whether these scopes open the request: some route matches, and the scopes of every matching route are there. */
export function routesAllow(
  table: RouteTable,
  method: string | undefined,
  path: string | undefined,
  scopes: readonly string[],
): boolean {
  if (method === undefined || path === undefined) return false;
  const needed = matchRoutes(table, method, path);
  return needed.length > 0 && needed.every((route) => coversScopes(scopes, route.scopes));
}

/** Whether the request takes no token: some route matches, and every one that matches is public. */
export function routesArePublic(table: RouteTable, method: string | undefined, path: string | undefined): boolean {
  if (method === undefined || path === undefined) return false;
  const needed = matchRoutes(table, method, path);
  return needed.length > 0 && needed.every((route) => route.public);
}

/**
 * All routes, parted by whether these scopes cover them. An answer that is reused must allow the first and deny the rest.
 *
 * @param scopes those of a live token; undefined = there is none, and public routes alone are allowed
 */
export function partRoutes(
  table: RouteTable,
  scopes: readonly string[] | undefined,
): { readonly allowed: readonly CompiledRoute[]; readonly denied: readonly CompiledRoute[] } {
  const covered = (route: CompiledRoute): boolean =>
    route.public || (scopes !== undefined && coversScopes(scopes, route.scopes));
  return { allowed: table.routes.filter(covered), denied: table.routes.filter((route) => !covered(route)) };
}

/** Frameworks answer HEAD by what they have for GET. */
function hasMethod({ method: own }: CompiledRoute, method: string): boolean {
  return own === '*' || own === method || (method === 'HEAD' && own === 'GET');
}

function matchesSome(parts: readonly string[], paths: readonly string[]): boolean {
  for (const path of paths) if (matchesParts(parts, path)) return true;
  return false;
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
