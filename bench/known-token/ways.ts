/** Decisions about tokens that were verified before and whose status is fresh, and the same tokens in the cache of fast-jwt. */
import {
  createAuthorizer,
  fetchMiddleware,
  httpAuthorizer,
  restAuthorizer,
  type Authorizer,
  type AuthorizerOptions,
  type HttpAuthorizerEventV2,
  type RestTokenEvent,
  type Route,
} from '@apikey/authorizer';
import { createVerifier } from 'fast-jwt';
import type { Issued } from '../first-sight/issue-tokens.ts';
import { AUDIENCE, ISSUER } from '../harness/acting.ts';
import { each, eachAwaited } from '../first-sight/ours.ts';
import type { Way } from '../harness/rounds.ts';

const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/plans/*', scopes: ['plans:read'] },
  { method: 'POST', path: '/plans', scopes: ['plans:write'] },
];
const METHOD = 'GET';
const PATH = '/plans/1';
const API = 'arn:aws:execute-api:us-east-1:111122223333:abcdefghij/prod';

export type KnownName =
  | 'REST policy'
  | 'routes'
  | 'decision'
  | 'HTTP API answer'
  | 'Fetch middleware'
  | 'fast-jwt, cached';

export function authorizerOf({ registry, keys }: Issued, options: Partial<AuthorizerOptions> = {}): Authorizer {
  const maxStaleness = { tokens: 3600, keys: 3600 };
  return createAuthorizer({ issuer: ISSUER, audience: AUDIENCE, status: registry, keys, maxStaleness, ...options });
}

export function knownWays(issued: Issued): Record<KnownName, Way> {
  const { tokens } = issued;
  const authorizer = authorizerOf(issued);
  const withRoutes = authorizerOf(issued, { routes: ROUTES });
  const http = httpAuthorizer(authorizer, { routes: ROUTES });
  const protect = fetchMiddleware(authorizer, { routes: ROUTES });
  return {
    'REST policy': restPolicy(authorizer, tokens),
    routes: eachAwaited(tokens, (token) => withRoutes.authorize({ token, method: METHOD, path: PATH })),
    decision: eachAwaited(tokens, (token) => authorizer.authorize({ token })),
    'HTTP API answer': eachAwaited(tokens.map(httpEvent), (event) => http(event)),
    'Fetch middleware': eachAwaited(tokens.map(fetchRequest), (request) => protect(request, () => true)),
    'fast-jwt, cached': fastJwt(issued),
  };
}

/** The handler of a REST API: an event in, the policy out. */
export function restPolicy(authorizer: Authorizer, tokens: readonly string[]): Way {
  const handler = restAuthorizer(authorizer, { routes: ROUTES });
  return eachAwaited(tokens.map(restEvent), (event) => handler(event));
}

/** With its key as text, which makes it answer at once, and with its cache as it is by default: 1,000 tokens, by their hash. */
function fastJwt({ publicKey, tokens }: Issued): Way {
  const key = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return each(
    tokens,
    createVerifier({ key, algorithms: ['ES256'], allowedIss: ISSUER, allowedAud: AUDIENCE, cache: true }),
  );
}

function restEvent(token: string): RestTokenEvent {
  return { type: 'TOKEN', methodArn: `${API}/${METHOD}${PATH}`, authorizationToken: `Bearer ${token}` };
}

function httpEvent(token: string): HttpAuthorizerEventV2 {
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn: `${API}/${METHOD}${PATH}`,
    routeKey: `${METHOD} /plans/{id}`,
    rawPath: `/prod${PATH}`,
    identitySource: [`Bearer ${token}`],
    headers: { authorization: `Bearer ${token}`, 'user-agent': 'partner/1.0' },
    requestContext: { stage: 'prod', http: { method: METHOD, sourceIp: '192.0.2.1' } },
  };
}

function fetchRequest(token: string): Request {
  return new Request(`https://api.example.test${PATH}`, { headers: { authorization: `Bearer ${token}` } });
}
