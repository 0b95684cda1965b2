/** Issues a token, in the order of effects of DESIGN section 6: record, sign, verify, deliver, activate. */
import { recordIn } from '../domain/change.ts';
import { RefusedError } from '../domain/errors.ts';
import { checkScopes, decideLifetime, policyFingerprint } from '../domain/policy.ts';
import type { Client, RequestRecord, TokenRecord } from '../domain/records.ts';
import { prepareToken, reprepareToken, type ProposedToken } from '../domain/transitions/tokens.ts';
import { activateDelivered } from './activate.ts';
import { commitLoop, COMMIT_BUDGET, type Decision } from './commit-loop.ts';
import { composeToken, signToken, type Unsigned } from './compose.ts';
import { changeContext } from './context.ts';
import { deliver } from './deliver.ts';
import { readActiveKey, type ActiveKey } from './key-ring.ts';
import { requestHash } from './request-hash.ts';
import type { IssuedToken, IssuePlan, IssueRequest, OperationDeps } from './types.ts';
import type { TokenSink } from '../ports/token-sink.ts';

/** How old the ring's state may be when a key is used, in milliseconds. */
const MAX_RING_AGE = 60_000;

interface Prepared extends IssuePlan {
  readonly unsigned: Unsigned;
  readonly key: ActiveKey['key'];
  /** When the ring was read, epoch milliseconds. */
  readonly ringReadAt: number;
}

/**
 * Mints one token and hands it to `sink`. When this resolves the token is live; when it throws, no token is live that
 * was not delivered, and the error says what state the token is in.
 */
export async function issueToken(deps: OperationDeps, request: IssueRequest, sink: TokenSink): Promise<IssuedToken> {
  await sink.check();
  const { unsigned, key, ringReadAt, ...plan } = await commitLoop(deps, COMMIT_BUDGET, preparation(deps, request));
  if (deps.clock.now() - ringReadAt > MAX_RING_AGE) await requireStillActive(deps, key.kid);
  const { token, kmsRequestId } = await signToken(deps.keys, key, unsigned);
  await deliver(sink, token, plan.record);
  const record = await activateDelivered(deps, plan.record, unsigned.payloadSha256, kmsRequestId);
  return { ...plan, record };
}

/** What `issueToken` would record and sign now. Writes and signs nothing. */
export async function planIssue(deps: OperationDeps, request: IssueRequest): Promise<IssuePlan> {
  const { result } = await preparation(deps, request)();
  const { record, alg, registersClient, resumes } = result;
  return { record, alg, registersClient, resumes };
}

/** One try at the first commit; a later try gives up if the client changed under the first. */
function preparation(deps: OperationDeps, request: IssueRequest): () => Promise<Decision<Prepared>> {
  let policy: string | undefined;
  return async () => {
    const ringReadAt = deps.clock.now();
    const [{ key }, client] = await Promise.all([readActiveKey(deps), deps.registry.getClient(request.client)]);
    requireAlg(request, key);
    policy ??= policyFingerprint(client);
    if (policy !== policyFingerprint(client)) throw clientChanged(request.client);
    const resumed = await findResumable(deps, request, client);
    const decided = resumed === undefined ? decideNew(deps, request, client, key) : resume(deps, resumed, key);
    return {
      change: decided.change,
      result: { ...decided.result, alg: key.alg, key, ringReadAt },
    };
  };
}

type Decided = Decision<Omit<Prepared, 'alg' | 'key' | 'ringReadAt'>>;

function decideNew(
  deps: OperationDeps,
  request: IssueRequest,
  client: Client | undefined,
  key: ActiveKey['key'],
): Decided {
  const context = changeContext(deps);
  const { environment } = deps;
  checkScopes(request.scopes, client);
  const now = Math.floor(context.at / 1000);
  const content = {
    ...decideLifetime(request, environment, client, now),
    jti: deps.entropy.uuid(),
    client: request.client,
    iss: environment.issuer,
    aud: request.audience.length === 0 ? [environment.audience] : request.audience,
    scopes: request.scopes,
    ...(request.notBefore === undefined ? {} : { nbf: request.notBefore }),
  };
  const unsigned = composeToken(content, key, deps.entropy);
  const proposed: ProposedToken = {
    ...content,
    kid: key.kid,
    payloadSha256: unsigned.payloadSha256,
    ...(request.note === undefined ? {} : { note: request.note }),
    ...(request.requestId === undefined ? {} : { requestId: request.requestId }),
  };
  const change = prepareToken(client, proposed, requestRecord(request, proposed), context);
  return {
    change,
    result: { record: recordIn(change, proposed.jti), registersClient: client === undefined, resumes: false, unsigned },
  };
}

/** Same `jti` and times, new random bits, and the key that is active today. */
function resume(
  deps: OperationDeps,
  { client, record }: { readonly client: Client; readonly record: TokenRecord },
  key: ActiveKey['key'],
): Decided {
  const unsigned = composeToken(record, key, deps.entropy);
  const fresh = { payloadSha256: unsigned.payloadSha256, kid: key.kid };
  const change = reprepareToken(client, record, fresh, changeContext(deps));
  return { change, result: { record: recordIn(change, record.jti), registersClient: false, resumes: true, unsigned } };
}

/** The pending record that this request id made before, if it may be completed. */
async function findResumable(
  deps: OperationDeps,
  request: IssueRequest,
  client: Client | undefined,
): Promise<{ readonly client: Client; readonly record: TokenRecord } | undefined> {
  if (request.requestId === undefined) return undefined;
  const known = await deps.registry.getRequest(request.requestId);
  if (known === undefined) return undefined;
  if (known.parameterHash !== parameterHash(request)) {
    throw new RefusedError('REQUEST_MISMATCH', `request id ${request.requestId} was used for something else`, {
      why: `it made token ${known.jti} of client ${known.client}, from other parameters`,
      fix: 'use another request id, or the same parameters',
    });
  }
  const record = await deps.registry.getToken(known.client, known.jti);
  if (record?.state === 'pending' && client !== undefined) return { client, record };
  if (record?.state === 'active') {
    throw new RefusedError('ALREADY_ISSUED', `request id ${request.requestId} has been completed`, {
      why: `token ${known.jti} of client ${known.client} was delivered and activated; nothing was signed now`,
      fix: 'use the token that was delivered, or another request id',
    });
  }
  throw new RefusedError('WRONG_STATE', `request id ${request.requestId} cannot be run again`, {
    why: `token ${known.jti} of client ${known.client} is ${record?.state ?? 'no longer kept'}`,
    fix: 'use another request id',
  });
}

function requestRecord(request: IssueRequest, token: ProposedToken): RequestRecord | undefined {
  if (request.requestId === undefined) return undefined;
  return {
    id: request.requestId,
    parameterHash: parameterHash(request),
    jti: token.jti,
    client: token.client,
    createdAt: token.iat,
    exp: token.exp,
  };
}

function parameterHash(request: IssueRequest): string {
  const { client, ttl, expiresAt, notBefore, scopes, audience, alg, note } = request;
  return requestHash('issue', { client, ttl, expiresAt, notBefore, scopes, audience, alg, note });
}

function requireAlg(request: IssueRequest, key: ActiveKey['key']): void {
  if (request.alg === undefined || request.alg === key.alg) return;
  throw new RefusedError('WRONG_STATE', `the active key does not sign ${request.alg}`, {
    why: `key ${key.kid} signs ${key.alg} and nothing else`,
    fix: `leave --alg out, or activate a key of ${request.alg} first`,
  });
}

async function requireStillActive(deps: OperationDeps, kid: string): Promise<void> {
  const { key } = await readActiveKey(deps);
  if (key.kid === kid) return;
  throw new RefusedError('NO_ACTIVE_KEY', 'another key was activated while this ran', {
    why: `key ${kid} no longer signs`,
    fix: 'run the command again',
  });
}

function clientChanged(client: string): RefusedError {
  return new RefusedError('CLIENT_CHANGED', `client ${client} was changed while this ran`, {
    why: 'it was revoked or suspended, or what it may be given was changed',
    fix: 'look at the client, and run the command again if it still applies',
  });
}
