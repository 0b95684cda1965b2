/** Issues a token to a client. */
import { checkScopes, decideLifetime } from '../domain/policy.ts';
import type { Client } from '../domain/records.ts';
import { prepareToken, type ProposedToken } from '../domain/transitions/tokens.ts';
import type { TokenSink } from '../ports/token-sink.ts';
import { changeContext } from './context.ts';
import { readActiveKey, requireAlg, type ActiveKey } from './key-ring.ts';
import {
  composeFor,
  mint,
  planMint,
  policyGuard,
  prepared,
  resumeMint,
  type Preparation,
  type Prepared,
} from './mint.ts';
import type { Decision } from './commit-loop.ts';
import { findResumable, identifyRequest, requestRecord, type RequestIdentity } from './requests.ts';
import type { IssuedToken, IssuePlan, IssueRequest, OperationDeps } from './types.ts';

/**
 * Mints one token and hands it to `sink`. When this resolves the token is live; when it throws, no token is live that
 * was not delivered, and the error says what state the token is in.
 */
export async function issueToken(deps: OperationDeps, request: IssueRequest, sink: TokenSink): Promise<IssuedToken> {
  return mint(deps, preparation(deps, request), sink);
}

/** What `issueToken` would record and sign now. Writes and signs nothing. */
export async function planIssue(deps: OperationDeps, request: IssueRequest): Promise<IssuePlan> {
  return planMint(preparation(deps, request));
}

function preparation(deps: OperationDeps, request: IssueRequest): Preparation {
  const guardPolicy = policyGuard();
  const { requestId, client: id, ...parameters } = request;
  const identity = identifyRequest(requestId, 'issue', { client: id, ...parameters });
  return async () => {
    const [active, client] = await Promise.all([readActiveKey(deps), deps.registry.getClient(id)]);
    requireAlg(request.alg, active);
    guardPolicy(client, id);
    const resumable = await findResumable(deps.registry, identity);
    return resumable === undefined
      ? decideNew(deps, request, identity, client, active)
      : resumeMint(deps, resumable, active);
  };
}

function decideNew(
  deps: OperationDeps,
  request: IssueRequest,
  identity: RequestIdentity | undefined,
  client: Client | undefined,
  active: ActiveKey,
): Decision<Prepared> {
  const context = changeContext(deps);
  const { environment } = deps;
  checkScopes(request.scopes, client);
  const content = {
    ...decideLifetime(request, environment, client, Math.floor(context.at / 1000)),
    jti: deps.entropy.uuid(),
    client: request.client,
    iss: environment.issuer,
    aud: request.audience.length === 0 ? [environment.audience] : request.audience,
    scopes: request.scopes,
    ...(request.notBefore === undefined ? {} : { nbf: request.notBefore }),
  };
  const { unsigned, kid } = composeFor(deps, content, active);
  const proposed: ProposedToken = {
    ...content,
    kid,
    payloadSha256: unsigned.payloadSha256,
    ...(request.note === undefined ? {} : { note: request.note }),
    ...(identity === undefined ? {} : { requestId: identity.id }),
  };
  const change = prepareToken(client, proposed, requestRecord(identity, proposed), context);
  return prepared(change, proposed.jti, active, unsigned, { registersClient: client === undefined, resumes: false });
}
