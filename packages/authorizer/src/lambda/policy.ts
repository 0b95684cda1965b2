/** The IAM policies that gateways keep and apply: right for every method and path of a token, not for one request alone. */
import { barePattern } from '../public-routes.ts';
import { partRoutes, type CompiledRoute, type RouteTable } from '../routes.ts';
import type { MethodArn } from './execute-api-arn.ts';
import { routesOverlap } from './overlap.ts';

export type PolicyStatement = { Action: 'execute-api:Invoke'; Effect: 'Allow' | 'Deny'; Resource: string[] };
export type PolicyDocument = { Version: '2012-10-17'; Statement: PolicyStatement[] };

/**
 * What a path may hold that `canonicalPath` refuses: encoded slashes and backslashes, encoded dots and percent signs, control
 * characters, segments that end in a dot, empty segments. A star of a route would match them.
 */
const AMBIGUOUS: readonly string[] = [
  '/*%2F*',
  '/*%2f*',
  '/*%5C*',
  '/*%5c*',
  '/*%2E*',
  '/*%2e*',
  '/*%25*',
  '/*%0*',
  '/*%1*',
  '/*\\*',
  '/*./*',
  '/*.',
  '/*.;*',
  '/*//*',
];
/** Those that API Gateway has; `ANY` stands for them. */
const METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** Any percent-encoding, and the streams of NTFS: other spellings of a path. */
const OTHER_SPELLINGS: readonly string[] = ['/*%*', '/*:$*'];
/** Any `;parameter`. */
const PARAMETERS = '/*;*';
const EVERYTHING = '/*/*';

/** The policy by which nothing of this API and stage is allowed. */
export function denyAll({ base }: Pick<MethodArn, 'base'>): PolicyDocument {
  return policyOf([], [`${base}${EVERYTHING}`]);
}

/** A policy at least as long as any that `policyMaker` makes of these routes. */
export function largestPolicy({ base }: Pick<MethodArn, 'base'>, table: RouteTable | undefined): PolicyDocument {
  const routes = table?.routes.flatMap((route) => resourcesOf(base, route)) ?? [];
  const ends = table === undefined ? [] : [...otherEnds(table).values()];
  return policyOf(
    [`${base}${EVERYTHING}`, ...routes],
    [
      ...ends.flatMap(({ route }) => resourcesOf(base, route)),
      ...[...AMBIGUOUS, ...OTHER_SPELLINGS, PARAMETERS].map((guard) => base + guard),
    ],
  );
}

/** Makes policies for tokens by their scopes; undefined = for requests without a token, which public routes admit. */
export type PolicyMaker = (arn: Pick<MethodArn, 'base'>, scopes: readonly string[] | undefined) => PolicyDocument;

/**
 * Prepares policies for one set of routes; without any, a live token opens everything of its API and stage.
 *
 * `*` means the same in routes and in policies: any characters, slashes included. A request needs the scopes of every route
 * that it matches, and a Deny beats every Allow: so each route whose scopes are missing is denied, and the others allowed.
 * So are the readings of a path, all but letters in another case: no policy can say that.
 */
export function policyMaker(table: RouteTable | undefined): PolicyMaker {
  if (table === undefined) return ({ base }) => policyOf([`${base}${EVERYTHING}`], []);
  const overlapping = overlaps(table.routes);
  const ends = otherEnds(table);
  return ({ base }, scopes) => {
    const { allowed, denied } = partRoutes(table, scopes);
    if (allowed.length === 0) return denyAll({ base });
    const resources = (routes: readonly RouteName[]): string[] => [
      ...new Set(routes.flatMap((route) => resourcesOf(base, route))),
    ];
    const open = allowed.filter(({ parts }) => parts.length > 1);
    const guards = open.length === 0 ? [] : [...AMBIGUOUS];
    // API Gateway does not say whether it compares paths decoded. If it does not, another spelling of a denied path could
    // slip through the star of an allowed one.
    if (open.some((route) => denied.some((other) => overlapping.get(route)?.has(other))))
      guards.push(...OTHER_SPELLINGS);
    if (allowed.some((route) => hidesParameters(route, denied))) guards.push(PARAMETERS);
    const met = denied.flatMap((route) => {
      const end = ends.get(route);
      return end !== undefined && allowed.some((other) => end.meets.has(other)) ? [end.route] : [];
    });
    return policyOf(resources(allowed), [...resources([...denied, ...met]), ...guards.map((guard) => base + guard)]);
  };
}

type RouteName = Pick<CompiledRoute, 'method' | 'path'>;

/** Whether a path that matches `route` may be another without its `;parameters`: one that is denied, or matches nothing. */
function hidesParameters({ method, path }: CompiledRoute, denied: readonly CompiledRoute[]): boolean {
  const bare = barePattern(path);
  if (bare !== path && !path.includes(';')) return true;
  if (bare === path && !path.includes('*')) return false;
  return denied.some((other) => routesOverlap({ method, path: bare }, { ...other, path: barePattern(other.path) }));
}

/** For each route that has one: itself with a slash more or less at its end, and the routes that this has requests in common with. */
function otherEnds({ routes, exactPaths }: RouteTable): ReadonlyMap<RouteName, OtherEnd> {
  if (exactPaths) return new Map();
  return new Map(
    routes.flatMap((route): [RouteName, OtherEnd][] => {
      const path = otherEnd(route.path);
      if (path === undefined) return [];
      const other = { method: route.method, path };
      const meets = new Set<RouteName>(routes.filter((it) => it !== route && routesOverlap(other, it)));
      return meets.size === 0 ? [] : [[route, { route: other, meets }]];
    }),
  );
}

interface OtherEnd {
  readonly route: RouteName;
  readonly meets: ReadonlySet<RouteName>;
}

/** A star at the end holds paths with and without a slash, all but the one where it would stand for nothing. */
function otherEnd(path: string): string | undefined {
  if (path === '/' || path === '/*') return undefined;
  if (path.endsWith('/*')) return path.slice(0, -2);
  if (path.endsWith('*')) return undefined;
  return path.endsWith('/') ? path.slice(0, -1) : `${path}/`;
}

/**
 * A star for the method would match slashes, too, and open `/any/where/plans` with `/plans`: unless the path begins with a
 * star of its own, every method is named.
 */
function resourcesOf(base: string, { method, path }: RouteName): string[] {
  const rest = path.replace(/^\//, '');
  const methods = method === '*' && !rest.startsWith('*') ? METHODS : [method];
  return methods.map((name) => `${base}/${name}/${rest}`);
}

function overlaps(routes: readonly CompiledRoute[]): ReadonlyMap<CompiledRoute, ReadonlySet<CompiledRoute>> {
  const open = routes.filter(({ parts }) => parts.length > 1);
  return new Map(open.map((route) => [route, new Set(routes.filter((other) => routesOverlap(route, other)))]));
}

function policyOf(allow: readonly string[], deny: readonly string[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: [...statementOf('Allow', allow), ...statementOf('Deny', deny)] };
}

function statementOf(Effect: 'Allow' | 'Deny', resources: readonly string[]): PolicyStatement[] {
  if (resources.length === 0) return [];
  return [{ Action: 'execute-api:Invoke', Effect, Resource: [...resources] }];
}

/** What the gateway makes of a policy for one request: a Deny beats an Allow, and what neither names is denied. */
export function policyAllows({ Statement }: PolicyDocument, arn: string): boolean {
  const names = (effect: 'Allow' | 'Deny'): boolean =>
    Statement.some(({ Effect, Resource }) => Effect === effect && Resource.some((pattern) => matches(pattern, arn)));
  return names('Allow') && !names('Deny');
}

/** `?` does not occur in our patterns. Each middle part is taken where it first occurs, which leaves most room for the rest. */
function matches(pattern: string, arn: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return arn === first;
  if (!arn.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = arn.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return arn.length - last.length >= at && arn.endsWith(last);
}
