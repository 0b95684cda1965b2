/** Issues a token to a client. */
import type { Client } from '../domain/records.ts';
import { prepareToken } from '../domain/transitions/tokens.ts';
import { changeContext } from './context.ts';
import { readActiveKey, requireAlg, type ActiveKey } from './key-ring.ts';
import { planMint, policyGuard, prepared, resumeMint, type Preparation, type PreparedChange } from './mint.ts';
import { identifyIssue, propose } from './proposal.ts';
import { findResumable, type RequestIdentity } from './requests.ts';
import { mintInto, type Sink } from './mint-into.ts';
import type { IssuedToken, IssuePlan, IssueRequest, OperationDeps } from './types.ts';

/**
 * Mints one token and hands it to `sink`. When this resolves the token is live; when it throws, no token is live that
 * was not delivered, and the error says what state the token is in.
 */
export async function issueToken(deps: OperationDeps, request: IssueRequest, sink: Sink): Promise<IssuedToken> {
  return mintInto(deps, preparation(deps, request), sink, request.requestId);
}

/** What `issueToken` would record and sign now. Writes and signs nothing. */
export async function planIssue(deps: OperationDeps, request: IssueRequest): Promise<IssuePlan> {
  return planMint(deps, preparation(deps, request));
}

function preparation(deps: OperationDeps, request: IssueRequest): Preparation {
  const guardPolicy = policyGuard();
  const identity = identifyIssue(request);
  return async () => {
    const [active, client] = await Promise.all([readActiveKey(deps), deps.registry.getClient(request.client)]);
    requireAlg(request.alg, active);
    guardPolicy(client, request.client);
    const resumable = await findResumable(deps.registry, identity);
    return resumable === undefined
      ? decideNew(deps, request, identity, client, active)
      : resumeMint(deps, resumable, identity, active);
  };
}

function decideNew(
  deps: OperationDeps,
  request: IssueRequest,
  identity: RequestIdentity | undefined,
  client: Client | undefined,
  active: ActiveKey,
): PreparedChange {
  const context = changeContext(deps);
  const { token, request: asked, unsigned } = propose(deps, request, identity, client, active, context.at);
  const change = prepareToken(client, token, asked, context);
  return prepared(change, token.jti, active, unsigned, { registersClient: client === undefined, resumes: false });
}
