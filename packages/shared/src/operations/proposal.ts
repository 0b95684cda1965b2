/** What an issue request comes to: the record that it would have, and what would be signed for it. */
import { checkScopes, decideLifetime } from '../domain/policy.ts';
import type { Client } from '../domain/records.ts';
import type { ProposedToken, TokenProposal } from '../domain/transitions/tokens.ts';
import { composeToken, type Unsigned } from './compose.ts';
import type { ActiveKey } from './key-ring.ts';
import { identifyRequest, requestRecord, type RequestIdentity } from './requests.ts';
import type { IssueRequest, OperationDeps } from './types.ts';

export interface Proposal extends TokenProposal {
  readonly unsigned: Unsigned;
}

/** What makes two runs of `issue` the same request; nothing for one without a request id. */
export function identifyIssue({ requestId, ...parameters }: IssueRequest): RequestIdentity | undefined {
  return identifyRequest(requestId, 'issue', { ...parameters });
}

/** Throws what the client's or the environment's policy refuses, and `TOKEN_TOO_LARGE`. @param at epoch milliseconds */
export function propose(
  { environment, entropy }: Pick<OperationDeps, 'environment' | 'entropy'>,
  request: IssueRequest,
  identity: RequestIdentity | undefined,
  client: Client | undefined,
  { key }: Pick<ActiveKey, 'key'>,
  at: number,
): Proposal {
  checkScopes(request.scopes, client);
  const content = {
    ...decideLifetime(request, environment, client, Math.floor(at / 1000)),
    jti: entropy.uuid(),
    client: request.client,
    iss: environment.issuer,
    aud: request.audience.length === 0 ? [environment.audience] : request.audience,
    scopes: request.scopes,
    ...(request.notBefore === undefined ? {} : { nbf: request.notBefore }),
  };
  const unsigned = composeToken(content, key, entropy);
  const token: ProposedToken = {
    ...content,
    kid: key.kid,
    payloadSha256: unsigned.payloadSha256,
    ...(request.note === undefined ? {} : { note: request.note }),
    ...(identity === undefined ? {} : { requestId: identity.id }),
  };
  return { token, request: requestRecord(identity, token), unsigned };
}
