/** Tokens as JSON: the field names that scripts rely on. Fields are only ever added; what is absent is null. */
import { formatSeconds, type Attention, type TokenDetails, type TokenRecord, type TokenView } from '@apikey/shared';

type Time = string | null;

/** What `issue` prints about a record, beside the token itself. */
export interface IssuedJson {
  readonly jti: string;
  readonly client: string;
  readonly kid: string;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly issuer: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly notBefore: Time;
  /** The claims' epoch seconds. */
  readonly iat: number;
  readonly exp: number;
  readonly nbf: number | null;
  readonly note: string | null;
  readonly requestId: string | null;
}

export function issuedJson(record: TokenRecord): IssuedJson {
  const { jti, client, kid, scopes, aud, iss, iat, exp, nbf, note, requestId } = record;
  return {
    jti,
    client,
    kid,
    scopes,
    audience: aud,
    issuer: iss,
    issuedAt: formatSeconds(iat),
    expiresAt: formatSeconds(exp),
    notBefore: time(nbf),
    iat,
    exp,
    nbf: nbf ?? null,
    note: note ?? null,
    requestId: requestId ?? null,
  };
}

export interface TokenJson extends IssuedJson {
  readonly state: TokenRecord['state'];
  readonly live: boolean;
  /** Why it is not live. */
  readonly reason: string | null;
  readonly liveUntil: string;
  readonly replaces: string | null;
  readonly replacedBy: string | null;
  readonly revokedAt: Time;
  /** The last use that was recorded: a lower bound, and null where usage is not recorded. */
  readonly lastUsedAt: Time;
  /** Whom its client named. */
  readonly contact: string | null;
  /** Until its end, 0 once it can never be live again. */
  readonly remainingSeconds: number;
  readonly attention: readonly Attention[];
}

export function tokenJson({ record, live, reason, lastUsedAt, contact, remaining, attention }: TokenView): TokenJson {
  return {
    ...issuedJson(record),
    state: record.state,
    live,
    reason: reason ?? null,
    liveUntil: formatSeconds(record.liveUntil),
    replaces: record.replaces ?? null,
    replacedBy: record.replacedBy ?? null,
    revokedAt: time(record.revokedAt),
    lastUsedAt: time(lastUsedAt),
    contact: contact ?? null,
    remainingSeconds: remaining,
    attention,
  };
}

/** What a change touches of one token, for dry runs. */
export interface TokenImpactJson {
  readonly jti: string;
  readonly client: string;
  readonly live: boolean;
  readonly liveUntil: string;
  readonly lastUsedAt: Time;
  readonly replaces: string | null;
  readonly replacedBy: string | null;
}

export function tokenImpactJson({ record, live, lastUsedAt }: TokenView): TokenImpactJson {
  const { jti, client, liveUntil, replaces, replacedBy } = record;
  return {
    jti,
    client,
    live,
    liveUntil: formatSeconds(liveUntil),
    lastUsedAt: time(lastUsedAt),
    replaces: replaces ?? null,
    replacedBy: replacedBy ?? null,
  };
}

export interface TokenDetailsJson extends TokenJson {
  readonly revokedBy: string | null;
  readonly revokeReason: string | null;
  readonly issuedBy: string;
  readonly kmsRequestId: string | null;
  readonly payloadSha256: string;
  readonly epoch: number;
  readonly clientState: string | null;
  readonly clientEpoch: number | null;
  readonly keyState: string | null;
  readonly alg: string | null;
  readonly events: TokenDetails['events'];
}

export function tokenDetailsJson(details: TokenDetails): TokenDetailsJson {
  const { record, client, key, events } = details;
  return {
    ...tokenJson(details),
    revokedBy: record.revokedBy ?? null,
    revokeReason: record.reason ?? null,
    issuedBy: record.issuedBy,
    kmsRequestId: record.kmsRequestId ?? null,
    payloadSha256: record.payloadSha256,
    epoch: record.epoch,
    clientState: client?.state ?? null,
    clientEpoch: client?.epoch ?? null,
    keyState: key?.state ?? null,
    alg: key?.alg ?? null,
    events,
  };
}

function time(seconds: number | undefined): Time {
  return seconds === undefined ? null : formatSeconds(seconds);
}
