/** The part that the HTTP faces share: from a request's headers to leave to go on, or the answer to give instead. */
import type { Authorizer } from '../authorizer.ts';
import { readCredential, type HeaderSource } from '../credential.ts';
import { PUBLIC_ACCESS, type Allowed, type AuthorizeRequest, type PublicAccess } from '../decision.ts';
import { compileRoutes, type Route, type RouteTable } from '../routes.ts';
import { answerDenied, answerFault, type Answer } from './answers.ts';

export interface FaceRoutes {
  readonly routes?: readonly Route[] | undefined;
  readonly exactPaths?: boolean | undefined;
}

/** Throws `AuthorizerConfigError`. */
export function faceRoutes(
  authorizer: Authorizer,
  { routes, exactPaths = authorizer.exactPaths }: FaceRoutes,
): RouteTable | undefined {
  return routes === undefined ? undefined : compileRoutes(routes, { exactPaths });
}

export type GuardedRequest = Omit<AuthorizeRequest, 'token'> & { readonly headers: HeaderSource };

/**
 * Never rejects: whatever goes wrong is answered like a fault, so that no framework's error handling decides who gets in.
 */
export async function guard(authorizer: Authorizer, request: GuardedRequest): Promise<Allowed | PublicAccess | Answer> {
  try {
    const { headers, ...rest } = request;
    if (authorizer.isPublic(rest)) return PUBLIC_ACCESS;
    const decision = await authorizer.authorize({ ...rest, token: readCredential(headers) });
    return decision.allowed ? decision : answerDenied(decision);
  } catch {
    return answerFault();
  }
}
