/** `POST /introspect` (RFC 7662): whether a token is live, for backends that cannot ask before they serve. */
import { isIP } from 'node:net';
import { answerDenied, readCredential, type Allowed, type Authorizer } from '@apikey/authorizer';
import { parseClaims, parseCompact } from '@apikey/shared';
import { problem, respond } from '../answers.ts';
import type { Peers } from '../peers.ts';
import { invalidRequest, readForm, type OAuthEndpoint } from './form.ts';

export interface IntrospectOptions {
  readonly authorizer: Authorizer;
  readonly peers: Peers;
  /** The client whose live tokens may ask. Absent = whoever is on this machine may. */
  readonly client: string | undefined;
  /** Milliseconds for the body of a request. */
  readonly bodyTimeout: number;
  readonly onAnswer: (active: boolean) => void;
}

export function introspectEndpoint(options: IntrospectOptions): OAuthEndpoint {
  const { authorizer, peers, client, bodyTimeout, onAnswer } = options;
  return async (request, incoming) => {
    if (client === undefined && !peers.isLocal(incoming)) return respond(problem(403));
    if (client !== undefined) {
      const token = readCredential(incoming);
      const caller = await authorizer.authorize({ token, sourceAddress: peers.clientAddress(incoming) });
      if (!caller.allowed) return respond(answerDenied(caller));
      if (caller.client !== client) return respond(answerDenied({ status: 403, reason: 'insufficient_scope' }));
    }
    const form = await readForm(request, bodyTimeout);
    if (form instanceof Response) return form;
    // Of a client that is limited to networks, only who knows the address can say whether the request may pass.
    const sourceAddress = form.get('source_address') ?? undefined;
    if (sourceAddress !== undefined && isIP(sourceAddress) === 0) return invalidRequest('source_address is no address');
    const token = form.get('token') ?? '';
    const decision = await authorizer.authorize({ token, sourceAddress });
    onAnswer(decision.allowed);
    return Response.json(decision.allowed ? description(token, decision) : { active: false }, {
      headers: { 'cache-control': 'no-store' },
    });
  };
}

/** RFC 7662 section 2.2. Scopes and end are those in force, which may be less than what was signed. */
function description(token: string, { client, jti, scopes, expiresAt }: Allowed): object {
  // The decision vouches for these bytes.
  const { iss, aud, sub, iat, nbf } = parseClaims(parseCompact(token).payloadBytes);
  return {
    active: true,
    client_id: client,
    sub,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    exp: expiresAt,
    iat,
    ...(nbf === undefined ? {} : { nbf }),
    jti,
    iss,
    aud: aud.length === 1 ? aud[0] : aud,
    token_type: 'Bearer',
  };
}
