/** The IAM policies that gateways keep and apply: right for every method and path of a token, not for one request alone. */
import { partRoutes, type CompiledRoute, type RouteTable } from '../routes.ts';
import type { MethodArn } from './execute-api-arn.ts';
import { routesOverlap } from './overlap.ts';

export type PolicyStatement = { Action: 'execute-api:Invoke'; Effect: 'Allow' | 'Deny'; Resource: string[] };
export type PolicyDocument = { Version: '2012-10-17'; Statement: PolicyStatement[] };

/**
 * What a path may hold that servers read differently, as `canonicalPath` does: encoded slashes and backslashes, dot
 * segments, encoded dots and percent signs, control characters, empty segments. A star of a route would match them.
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
  '/*/../*',
  '/*/..',
  '/*/..;*',
  '/*/./*',
  '/*/.',
  '/*/.;*',
  '/*//*',
];
/** Those that API Gateway has; `ANY` stands for them. */
const METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** Any percent-encoding. */
const ENCODED = '/*%*';
const EVERYTHING = '/*/*';

/** The policy by which nothing of this API and stage is allowed. */
export function denyAll({ base }: Pick<MethodArn, 'base'>): PolicyDocument {
  return policyOf([], [`${base}${EVERYTHING}`]);
}

/** A policy at least as long as any that `policyMaker` makes of these routes. */
export function largestPolicy({ base }: Pick<MethodArn, 'base'>, table: RouteTable | undefined): PolicyDocument {
  const routes = table?.routes.flatMap((route) => resourcesOf(base, route)) ?? [];
  return policyOf(
    [`${base}${EVERYTHING}`, ...routes],
    [...AMBIGUOUS, ENCODED].map((guard) => base + guard),
  );
}

/** Makes policies for tokens by their scopes. */
export type PolicyMaker = (arn: Pick<MethodArn, 'base'>, scopes: readonly string[]) => PolicyDocument;

/**
 * Prepares policies for one set of routes; without any, a live token opens everything of its API and stage.
 *
 * `*` means the same in routes and in policies: any characters, slashes included. A request needs the scopes of every route
 * that it matches, and a Deny beats every Allow: so each route whose scopes are missing is denied, and the others allowed.
 */
export function policyMaker(table: RouteTable | undefined): PolicyMaker {
  if (table === undefined) return ({ base }) => policyOf([`${base}${EVERYTHING}`], []);
  const overlapping = overlaps(table.routes);
  return ({ base }, scopes) => {
    const { allowed, denied } = partRoutes(table, scopes);
    if (allowed.length === 0) return denyAll({ base });
    const resources = (routes: readonly CompiledRoute[]): string[] => [
      ...new Set(routes.flatMap((route) => resourcesOf(base, route))),
    ];
    const open = allowed.filter(({ parts }) => parts.length > 1);
    const guards = open.length === 0 ? [] : [...AMBIGUOUS];
    // API Gateway does not say whether it compares paths decoded. If it does not, another spelling of a denied path could
    // slip through the star of an allowed one.
    if (open.some((route) => denied.some((other) => overlapping.get(route)?.has(other)))) guards.push(ENCODED);
    return policyOf(resources(allowed), [...resources(denied), ...guards.map((guard) => base + guard)]);
  };
}

/**
 * A star for the method would match slashes, too, and open `/any/where/plans` with `/plans`: unless the path begins with a
 * star of its own, every method is named.
 */
function resourcesOf(base: string, { method, path }: CompiledRoute): string[] {
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
