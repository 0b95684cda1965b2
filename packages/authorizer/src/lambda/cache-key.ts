/** What an HTTP API's cache key holds, as far as an event shows it: the values of the authorizer's identity sources. */
import type { Authorizer } from '../authorizer.ts';
import { AuthorizerConfigError } from '../config-error.ts';
import type { Decision } from '../decision.ts';
import { member, ownEntries, textAt } from './event-reading.ts';

/**
 * Whether the answer is reused for the event's route alone. Throws `AuthorizerConfigError` if it is not; false if nobody
 * can tell, since the client sent the route key itself.
 */
export function routeInCacheKey({ gatewayResultTtl }: Authorizer, event: unknown): boolean {
  if (gatewayResultTtl === 0) return true;
  const routeKey = textAt(event, 'routeKey');
  if (routeKey === undefined || !identitySources(event).includes(routeKey)) {
    throw new AuthorizerConfigError(
      'gatewayResultTtl',
      'is not 0, so $context.routeKey must be an identity source of this authorizer: its answers differ by route',
    );
  }
  return !isSentByClient(event, routeKey);
}

/**
 * Whether the answer is reused for this method and path alone, where the API's route stands for more than one of them:
 * `ANY /{proxy+}` is one route key for requests that need different scopes. Throws and answers like `routeInCacheKey`.
 */
export function requestInCacheKey({ gatewayResultTtl }: Authorizer, event: unknown): boolean {
  const routeKey = textAt(event, 'routeKey') ?? '';
  const anyMethod = routeKey === '$default' || routeKey.startsWith('ANY ');
  if (gatewayResultTtl === 0 || (!anyMethod && !routeKey.includes('{'))) return true;
  const path = textAt(event, 'requestContext', 'http', 'path') ?? textAt(event, 'rawPath');
  const method = textAt(event, 'requestContext', 'http', 'method');
  const needed = anyMethod ? [path, method] : [path];
  const sources = identitySources(event);
  if (!needed.every((value) => value !== undefined && sources.includes(value))) {
    throw new AuthorizerConfigError(
      'gatewayResultTtl',
      'is not 0 and a route of the API stands for many requests, so $context.path (and, for ANY and $default, ' +
        '$context.httpMethod) must be identity sources as well: the scopes that are needed differ by request',
    );
  }
  return needed.every((value) => value !== undefined && !isSentByClient(event, value));
}

/** The address, unless the gateway would reuse the answer for other addresses. */
export function usableAddress(
  { gatewayResultTtl }: Authorizer,
  event: unknown,
  address: string | undefined,
): string | undefined {
  return gatewayResultTtl === 0 || (address !== undefined && identitySources(event).includes(address))
    ? address
    : undefined;
}

/** Throws `AuthorizerConfigError` where a client is limited to networks and its answer would be reused for others. */
export function requireAddressInCacheKey({ gatewayResultTtl }: Authorizer, event: unknown, decision: Decision): void {
  if (gatewayResultTtl === 0 || decision.allowed || decision.reason !== 'address_not_allowed') return;
  const http = textAt(event, 'requestContext', 'http', 'sourceIp');
  const address = http ?? textAt(event, 'requestContext', 'identity', 'sourceIp');
  if (address !== undefined && identitySources(event).includes(address)) return;
  throw new AuthorizerConfigError(
    'gatewayResultTtl',
    'is not 0 and a client is limited to networks, so $context.identity.sourceIp must be an identity source as well',
  );
}

/** The values of an event's identity sources; of payload format 1.0, which joins them, their parts. */
function identitySources(event: unknown): readonly string[] {
  const sources = member(event, 'identitySource');
  if (typeof sources === 'string') return sources.split(',');
  const values: readonly unknown[] = Array.isArray(sources) ? sources : [];
  return values.filter((value) => typeof value === 'string');
}

/**
 * Whether the client itself sent this value, in a header or in the query. It may then be in the identity sources because the
 * client put it there, and says nothing of how the authorizer is set up.
 */
function isSentByClient(event: unknown, value: string): boolean {
  const sent = [...ownEntries(member(event, 'headers')), ...ownEntries(member(event, 'queryStringParameters'))];
  return sent.some(
    ([, text]) => typeof text === 'string' && (text === value || text.split(',').some((part) => part.trim() === value)),
  );
}
