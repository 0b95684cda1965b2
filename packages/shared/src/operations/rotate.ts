/** Replaces a live token: the successor is delivered and activated before the old one's end is set. */
import { checkScopes, decideLifetime } from '../domain/policy.ts';
import { RefusedError } from '../domain/errors.ts';
import type { Client, EpochSeconds, KeyRing, TokenRecord } from '../domain/records.ts';
import { effectiveScopes } from '../domain/scopes.ts';
import { claimRotation, requireRotatable } from '../domain/transitions/rotation.ts';
import type { ProposedToken } from '../domain/transitions/tokens.ts';
import type { SigningAlg } from '../jose/algorithms.ts';
import { NotFoundError } from '../ports/errors.ts';
import { changeContext } from './context.ts';
import { readGranted } from './granted.ts';
import { readActiveKey, requireAlg, type ActiveKey } from './key-ring.ts';
import {
  composeFor,
  planMint,
  policyGuard,
  prepared,
  resumeMint,
  type Preparation,
  type PreparedChange,
} from './mint.ts';
import { findResumable, identifyRequest, requestRecord, type RequestIdentity } from './requests.ts';
import { mintInto, type Sink } from './mint-into.ts';
import type { IssuedToken, IssuePlan, OperationDeps } from './types.ts';

/** A rotation as asked for. All values have been parsed by the domain's parsers. */
export interface RotateRequest {
  /** Owner of the token. */
  readonly client: string;
  /** The command names the client; otherwise it was found in the registry. */
  readonly clientNamed?: boolean;
  /** The token to replace: a whole `jti`. */
  readonly jti: string;
  /** Seconds for which the old token stays live once its successor is; 0 ends it at once. */
  readonly grace: number;
  /** Lifetime of the successor in seconds; excludes `expiresAt`. Neither = that of the old one, within the caps. */
  readonly ttl?: number;
  readonly expiresAt?: EpochSeconds;
  /** Absent = those of the old token that its client may still use. */
  readonly scopes?: readonly string[];
  /** Absent = that of the old token. */
  readonly audience?: readonly string[];
  readonly alg?: SigningAlg;
  /** Absent = that of the old token. */
  readonly note?: string;
  readonly requestId?: string;
  /** Revoke the pending successor of a rotation that was not finished, and start again. */
  readonly takeOver: boolean;
}

export async function rotateToken(deps: OperationDeps, request: RotateRequest, sink: Sink): Promise<IssuedToken> {
  return mintInto(deps, preparation(deps, request), sink, request.requestId);
}

/** What `rotateToken` would record and sign now. Writes and signs nothing. */
export async function planRotate(deps: OperationDeps, request: RotateRequest): Promise<IssuePlan> {
  return planMint(deps, preparation(deps, request));
}

function preparation(deps: OperationDeps, request: RotateRequest): Preparation {
  const guardPolicy = policyGuard();
  const { requestId, takeOver: _takeOver, clientNamed: _clientNamed, ...parameters } = request;
  const identity = identifyRequest(requestId, 'rotate', { ...parameters });
  return async () => {
    const [active, client] = await Promise.all([readActiveKey(deps), deps.registry.getClient(request.client)]);
    const old = await deps.registry.getToken(request.client, request.jti);
    requireAlg(request.alg, active);
    if (client === undefined || old === undefined) throw unknownToken(request);
    guardPolicy(client, client.id);
    const resumable = await findResumable(deps.registry, identity);
    if (resumable !== undefined) return resumeMint(deps, resumable, identity, active);
    const granted = await findGranted(deps, request, { client, old, ring: active.ring });
    const successor =
      old.replacedBy === undefined ? undefined : await deps.registry.getToken(client.id, old.replacedBy);
    return decideNew(deps, request, identity, { client, old, granted, successor, active });
  };
}

interface Found {
  readonly client: Client;
  readonly old: TokenRecord;
  /** What a signed grant gave to the old token; absent where the request says all that the successor is given. */
  readonly granted: TokenRecord | undefined;
  readonly successor: TokenRecord | undefined;
  readonly active: ActiveKey;
}

/** Nothing of the successor is taken from the old record: what the request leaves open comes from its signed grant. */
async function findGranted(
  deps: OperationDeps,
  { clientNamed = false, scopes, audience, ttl, expiresAt }: RotateRequest,
  { client, old, ring }: Pick<Found, 'client' | 'old'> & { readonly ring: KeyRing },
): Promise<TokenRecord | undefined> {
  try {
    return (await readGranted(deps, old, ring)).record;
  } catch (error) {
    if (!(error instanceof RefusedError) || error.code !== 'GRANT_NOT_VERIFIED') throw error;
    const lives = (ttl ?? expiresAt) !== undefined;
    if (clientNamed && scopes !== undefined && audience !== undefined && lives) return undefined;
    // A token that is dead as its record stands is refused for that.
    requireRotatable(client, old, ring, changeContext(deps));
    throw error;
  }
}

function decideNew(
  deps: OperationDeps,
  request: RotateRequest,
  identity: RequestIdentity | undefined,
  { client, old, granted, successor, active }: Found,
): PreparedChange {
  const context = changeContext(deps);
  const { environment } = deps;
  if (request.scopes !== undefined) checkScopes(request.scopes, client);
  const { iat, exp, aud, scopes, note: oldNote } = granted ?? NOTHING;
  const limits = { maxTtl: environment.maxTtl, defaultTtl: exp - iat };
  const note = request.note ?? oldNote;
  const content = {
    ...decideLifetime(request, limits, client, Math.floor(context.at / 1000)),
    jti: deps.entropy.uuid(),
    client: client.id,
    iss: environment.issuer,
    aud: request.audience ?? aud,
    scopes: request.scopes ?? effectiveScopes(scopes, client),
  };
  const { unsigned, kid } = composeFor(deps, content, active);
  const token: ProposedToken = {
    ...content,
    kid,
    payloadSha256: unsigned.payloadSha256,
    ...(note === undefined ? {} : { note }),
    ...(identity === undefined ? {} : { requestId: identity.id }),
  };
  const change = claimRotation(
    client,
    {
      old,
      granted,
      successor,
      token,
      grace: request.grace,
      ring: active.ring,
      request: requestRecord(identity, token),
      takeOver: request.takeOver,
    },
    context,
  );
  const lost = request.scopes === undefined ? scopes.filter((scope) => !content.scopes.includes(scope)) : [];
  return prepared(change, token.jti, active, unsigned, { registersClient: false, resumes: false, lostScopes: lost });
}

/** Without a grant the request itself names lifetime, audience and scopes. */
const NOTHING = { iat: 0, exp: 0, aud: [], scopes: [], note: undefined };

function unknownToken({ client, jti }: RotateRequest): NotFoundError {
  return new NotFoundError('TOKEN_NOT_FOUND', 'no such token', {
    why: `client ${client} has no token ${jti}`,
    fix: `look for it with: apikey list --all --client ${client}`,
  });
}
