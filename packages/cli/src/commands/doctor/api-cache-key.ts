/** Whether the gateway reuses an answer only for requests that would be answered alike. */
import type { DeployedApi, DeployedAuthorizer } from '../../backends/gateway.ts';
import type { FunctionFacts } from './api-function.ts';
import { finding, pass, unchecked, type Check } from './check.ts';

/** Every request has a key of its own, or answers are policies, or nothing is reused: then there is nothing to look at. */
export function cacheKeyChecks(
  api: Pick<DeployedApi, 'kind'>,
  authorizer: DeployedAuthorizer,
  found: FunctionFacts | undefined,
): Check[] {
  const { resultTtl, name } = authorizer;
  if (resultTtl === 0 || api.kind === 'WEBSOCKET') return [];
  const problems =
    api.kind === 'REST'
      ? restProblems(authorizer, found)
      : [...httpProblems(authorizer, found), ...noAddress(authorizer)];
  if (problems.length > 0) return problems;
  const good = pass('cache-key', `the answers of ${name} are reused for what they are about`);
  return api.kind === 'REST' && found?.addressInCacheKey !== true ? [good, addressUnknown(authorizer)] : [good];
}

function restProblems(authorizer: DeployedAuthorizer, found: FunctionFacts | undefined): Check[] {
  const { name, type } = authorizer;
  const hasAddress = type === 'REQUEST' && has(authorizer, 'context.identity.sourceIp');
  return [
    ...noCredential(authorizer, 'method.request.header.Authorization'),
    ...(found?.addressInCacheKey === true && !hasAddress
      ? [
          lacks(
            `${name} reuses answers for every address, and APIKEY_ADDRESS_IN_CACHE_KEY says that it does not`,
            'a client that is limited to networks is let in from anywhere once it was let in from there',
            'add context.identity.sourceIp to the identity sources of a REQUEST authorizer, or take the variable away',
          ),
        ]
      : []),
  ];
}

function httpProblems(authorizer: DeployedAuthorizer, found: FunctionFacts | undefined): Check[] {
  const credential = noCredential(authorizer, '$request.header.Authorization');
  if (!authorizer.simple) return credential;
  // Without routes of its own the function's answer is the same for every method and path.
  return [...credential, ...noRouteKey(authorizer), ...(found?.hasRoutes === false ? [] : wideRoutes(authorizer))];
}

function noRouteKey(authorizer: DeployedAuthorizer): Check[] {
  if (has(authorizer, '$context.routeKey')) return [];
  return [
    lacks(
      `the identity sources of ${authorizer.name} lack the route key`,
      'a yes to one route would open all others, so that the function answers none of them',
      'add $context.routeKey to the identity sources',
    ),
  ];
}

/** Routes that stand for several paths or methods, which the route key does not tell apart. */
function wideRoutes(authorizer: DeployedAuthorizer): Check[] {
  const { name, routeKeys } = authorizer;
  const paths = routeKeys.filter((key) => key === '$default' || key.includes('{'));
  const methods = routeKeys.filter((key) => key === '$default' || key.startsWith('ANY '));
  return [
    ...(paths.length === 0 || has(authorizer, '$context.path') ? [] : [tooWide(name, paths, 'path')]),
    ...(methods.length === 0 || has(authorizer, '$context.httpMethod') ? [] : [tooWide(name, methods, 'method')]),
  ];
}

function tooWide(name: string, routeKeys: readonly string[], part: 'path' | 'method'): Check {
  return lacks(
    `the identity sources of ${name} lack the ${part}, and of ${routeKeys.join(', ')} there is more than one`,
    `a yes to one ${part} opens the others of the same route while it is reused`,
    `add $context.${part === 'path' ? 'path' : 'httpMethod'} to the identity sources, or make routes without ANY, $default and {...}`,
  );
}

function noAddress(authorizer: DeployedAuthorizer): Check[] {
  if (has(authorizer, '$context.identity.sourceIp')) return [];
  return [
    lacks(
      `the identity sources of ${authorizer.name} lack the source address`,
      'clients that are limited to networks get 500: their answer would be reused for other addresses',
      'add $context.identity.sourceIp to the identity sources',
    ),
  ];
}

function noCredential(authorizer: DeployedAuthorizer, source: string): Check[] {
  if (has(authorizer, source)) return [];
  return [
    lacks(
      `the identity sources of ${authorizer.name} lack the Authorization header`,
      'the answer to one token is reused for another',
      `add ${source} to the identity sources`,
    ),
  ];
}

function addressUnknown({ name, type }: DeployedAuthorizer): Check {
  const event = type === 'TOKEN' ? 'TOKEN events carry no address' : 'answers are reused for every address';
  return unchecked('address', `${name} denies clients that are limited to networks: ${event}`);
}

function lacks(what: string, why: string, fix: string): Check {
  return finding('cache-key', what, why, fix);
}

/** Names of headers are compared as HTTP compares them. */
function has({ identitySources }: DeployedAuthorizer, source: string): boolean {
  return identitySources.some((it) => it.toLowerCase() === source.toLowerCase());
}
