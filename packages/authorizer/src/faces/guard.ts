/** The part that the HTTP faces share: from a request's headers to leave to go on, or the answer to give instead. */
import type { Authorizer } from '../authorizer.ts';
import { readCredential, type HeaderSource } from '../credential.ts';
import type { Allowed, AuthorizeRequest } from '../decision.ts';
import { answerDenied, answerFault, type Answer } from './answers.ts';

export type GuardedRequest = Omit<AuthorizeRequest, 'token'> & { readonly headers: HeaderSource };

/**
 * Never rejects: whatever goes wrong is answered like a fault, so that no framework's error handling decides who gets in.
 */
export async function guard(authorizer: Authorizer, request: GuardedRequest): Promise<Allowed | Answer> {
  try {
    const { headers, ...rest } = request;
    const decision = await authorizer.authorize({ ...rest, token: readCredential(headers) });
    return decision.allowed ? decision : answerDenied(decision);
  } catch {
    return answerFault();
  }
}
