/** What operations take and give: plain values, so that the command line, bulk runs and tests share them. */
import type { DenialReason } from '../domain/reasons.ts';
import type { AuditEvent, Client, EpochSeconds, RingKey, TokenRecord } from '../domain/records.ts';
import type { SigningAlg } from '../jose/algorithms.ts';
import type { Clock, ClockEvidence, Delay, Entropy } from '../ports/clock.ts';
import type { KeyProvider } from '../ports/key-provider.ts';
import type { Registry } from '../ports/registry.ts';
import type { Attention } from './attention.ts';

/** The rules of one environment that operations hold requests to. */
export interface Environment {
  /** The name that `--env` selects. */
  readonly name: string;
  readonly issuer: string;
  /** The audience of a token for which none was asked. */
  readonly audience: string;
  /** Lifetime in seconds of a token for which none was asked. */
  readonly defaultTtl: number;
  /** Longest lifetime in seconds of any token. */
  readonly maxTtl: number;
}

export interface OperationDeps {
  readonly registry: Registry;
  readonly keys: KeyProvider;
  readonly clock: Clock;
  /** Absent = no service is asked for the time, and the host's clock was not checked either. */
  readonly clockEvidence?: ClockEvidence;
  readonly delay: Delay;
  readonly entropy: Entropy;
  /** Who acts: an STS caller ARN, or `user@host`. */
  readonly actor: string;
  readonly environment: Environment;
}

/** A token as asked for. All values have been parsed by the domain's parsers. */
export interface IssueRequest {
  readonly client: string;
  /** Seconds; excludes `expiresAt`. Neither = the environment's default, narrowed to the client's `maxTtl`. */
  readonly ttl?: number;
  readonly expiresAt?: EpochSeconds;
  readonly notBefore?: EpochSeconds;
  readonly scopes: readonly string[];
  /** Empty = the environment's audience. */
  readonly audience: readonly string[];
  /** Refused unless the active key signs with it. */
  readonly alg?: SigningAlg;
  readonly note?: string;
  readonly requestId?: string;
}

/** What `issue` or `rotate` would do, or did up to the signature. */
export interface IssuePlan {
  readonly record: TokenRecord;
  readonly alg: SigningAlg;
  /** The client does not exist yet and is registered with the first commit. */
  readonly registersClient: boolean;
  /** A pending record of the same request id is completed. */
  readonly resumes: boolean;
  /** Of a rotation: scopes that were granted to the old token, and that its client may not use any more. */
  readonly lostScopes?: readonly string[];
}

/** What an activation left behind. */
export interface ActivatedToken {
  /** The record as it is now: active. */
  readonly record: TokenRecord;
  /** The record that it takes the place of, as it is now: with the end of its grace. */
  readonly replaced: TokenRecord | undefined;
}

export interface IssuedToken extends IssuePlan, ActivatedToken {
  readonly record: TokenRecord;
  /** What the store that it was delivered to calls the version that readers get; absent for what is no store. */
  readonly storedVersion: string | undefined;
}

/** A token record, judged as if its token were presented now. */
export interface TokenVerdict {
  readonly record: TokenRecord;
  readonly live: boolean;
  /** Why it is not live. */
  readonly reason: DenialReason | undefined;
  /** It can never be live again. */
  readonly over: boolean;
}

/** A verdict with all that listings, reports and questions show beside it. */
export interface TokenView extends TokenVerdict {
  /** The last use that was recorded: a lower bound. Absent where none was, or usage is not recorded at all. */
  readonly lastUsedAt: EpochSeconds | undefined;
  /** Whom its client named. */
  readonly contact: string | undefined;
  /** Whole seconds until its end, rounded up; 0 once it can never be live again. */
  readonly remaining: number;
  /** The token that replaces it is live. */
  readonly successorLive: boolean;
  readonly attention: readonly Attention[];
}

export interface TokenDetails extends TokenView {
  /** The token that it replaces, if that is still in the registry. */
  readonly predecessor: TokenView | undefined;
  /** The token that replaces it, live, pending or not. */
  readonly successor: TokenView | undefined;
  readonly client: Client | undefined;
  readonly key: RingKey | undefined;
  /** The events about this token, oldest first. */
  readonly events: readonly AuditEvent[];
}

export interface Revocation {
  readonly jti: string;
  readonly client: string;
  readonly revokedAt: EpochSeconds;
  /** It was revoked before; nothing was changed now. */
  readonly alreadyRevoked: boolean;
}
