/** The registry of the model: what a read that sees it at a given moment is answered. */
import type { Client, KeyRing, LivenessClaims, TokenRecord, TokenStatus } from '@apikey/shared';
import { CLIENTS } from './model.ts';

/** 2027-01-15T08:00:00Z, when virtual time begins, in seconds. */
export const START = 1_800_000_000;
const EXPIRY = START + 90 * 86_400;
/** The hash of a payload that is never looked at. */
const UNSIGNED = '0'.repeat(64);
const HEAD = { version: 1, eventSeq: 1, eventHash: '0'.repeat(64) };

export interface Token {
  readonly rank: number;
  /** As the status cache wants to be asked. */
  readonly question: { readonly jti: string; readonly client: string; readonly key: string };
  readonly life: LivenessClaims;
  readonly payloadSha256: string;
  readonly exp: number;
}

const JTI_PREFIX = '00000000-0000-4000-8000-';

function jtiOf(rank: number): string {
  return `${JTI_PREFIX}${rank.toString(16).padStart(12, '0')}`;
}

export function rankOf(jti: string): number {
  return Number.parseInt(jti.slice(JTI_PREFIX.length), 16);
}

/** The token of each rank; clients are dealt theirs in turn, so that each has a share of the busy ones and of the others. */
export function tokenOf(rank: number): Token {
  const jti = jtiOf(rank);
  const client = `client-${rank % CLIENTS}`;
  return {
    rank,
    question: { jti, client, key: `${jti} ${client}` },
    life: { sub: client, client_id: client, exp: EXPIRY },
    payloadSha256: UNSIGNED,
    exp: EXPIRY,
  };
}

export class ModelRegistry {
  readonly ring: KeyRing;
  readonly #kid: string;
  readonly #payloadSha256Of: (jti: string) => string;
  readonly #live = new Map<string, TokenStatus>();
  readonly #revokedAt = new Map<string, number>();

  /** @param payloadSha256Of the hash of each token's payload, for tokens that were signed */
  constructor(kid: string, payloadSha256Of: (jti: string) => string = () => UNSIGNED) {
    this.#kid = kid;
    this.#payloadSha256Of = payloadSha256Of;
    this.ring = { ...HEAD, name: 'main', keys: [{ kid, alg: 'ES256', ref: kid, state: 'active', createdAt: START }] };
  }

  /** Commits a revocation at a moment of virtual time. */
  revoke(rank: number, at: number): void {
    this.#revokedAt.set(jtiOf(rank), at);
  }

  /** Takes a revocation back, for the next experiment. */
  restore(rank: number): void {
    this.#revokedAt.delete(jtiOf(rank));
  }

  /** What a read that sees the registry at this moment is answered. */
  statusAt(jti: string, at: number): TokenStatus {
    const status = this.#live.get(jti) ?? this.#enter(jti);
    const revokedAt = this.#revokedAt.get(jti);
    if (revokedAt === undefined || at < revokedAt || status.record === undefined) return status;
    return { ...status, record: { ...status.record, state: 'revoked' } };
  }

  #enter(jti: string): TokenStatus {
    const { question, exp } = tokenOf(rankOf(jti));
    const client: Client = { ...HEAD, id: question.client, state: 'active', epoch: 1, createdAt: START };
    const record: TokenRecord = {
      jti,
      client: client.id,
      state: 'active',
      epoch: 1,
      kid: this.#kid,
      iat: START,
      exp,
      liveUntil: exp,
      scopes: [],
      aud: [],
      payloadSha256: this.#payloadSha256Of(jti),
      iss: '',
      issuedBy: '',
    };
    const status = { record, client };
    this.#live.set(jti, status);
    return status;
  }
}
