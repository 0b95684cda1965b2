/** Gathers, from one client's events and records, who had which token signed, when, with which key. */
import type { AuditEvent, EpochMillis, TokenRecord } from '../domain/records.ts';

export interface SignAttempt {
  readonly at: EpochMillis;
  readonly actor: string;
  readonly kid: string;
}

export interface TokenSignature {
  readonly client: string;
  readonly jti: string;
  readonly kid: string;
  /** When the record was made ready to be signed, and again with each resumption. */
  readonly attempts: readonly SignAttempt[];
  /** Absent for a token that never was live. */
  readonly activatedAt: EpochMillis | undefined;
  /** Id of the call that signed the token that was activated; unknown where a later command activated it. */
  readonly requestId: string | undefined;
  /** Everybody who prepared or activated it. */
  readonly actors: ReadonlySet<string>;
}

/** A signature over the events of a commit, and not over a token. */
export interface GrantSignature extends SignAttempt {
  readonly requestId: string;
}

interface Found {
  kid: string;
  readonly attempts: SignAttempt[];
  activatedAt: EpochMillis | undefined;
  requestId: string | undefined;
  readonly actors: Set<string>;
}

export class TokenSignatures {
  readonly #client: string;
  readonly #tokens = new Map<string, Found>();
  readonly #grants: GrantSignature[] = [];
  /** The newest event that prepared a token, until its grant is seen: all of one commit are of one key, which signs it. */
  #ungranted: { readonly at: string; readonly actor: string; readonly kid: string } | undefined;

  constructor(client: string) {
    this.#client = client;
  }

  /** Events in the order of their chain. */
  add(event: AuditEvent): void {
    this.#addToken(event);
    this.#addGrant(event);
  }

  /** Neither member is hashed: each commit that prepares tokens explains one signature, and no other event explains any. */
  #addGrant({ actor, at, grant, grantRequestId: requestId }: AuditEvent): void {
    const prepared = this.#ungranted;
    if (grant === undefined || prepared?.at !== at || prepared.actor !== actor) return;
    this.#ungranted = undefined;
    if (requestId !== undefined) this.#grants.push({ requestId, actor, at: Date.parse(at), kid: prepared.kid });
  }

  #addToken({ action, actor, at: time, subject, detail }: AuditEvent): void {
    if (action !== 'token.prepared' && action !== 'token.reprepared' && action !== 'token.activated') return;
    const token = this.#token(subject);
    const at = Date.parse(time);
    const { kid, kmsRequestId } = detail.after;
    if (typeof kid === 'string') token.kid = kid;
    token.actors.add(actor);
    if (action === 'token.activated') {
      token.activatedAt = at;
      token.requestId = typeof kmsRequestId === 'string' ? kmsRequestId : undefined;
    } else {
      this.#ungranted = { at: time, actor, kid: token.kid };
      token.attempts.push({ at, actor, kid: token.kid });
    }
  }

  /** What is stored is what lets a token in: where it differs from its events, it is what has to be accounted for. */
  addRecord({ jti, kid, kmsRequestId, state, iat, issuedBy }: TokenRecord): void {
    const known = this.#tokens.has(jti);
    const token = this.#token(jti);
    token.kid = kid;
    if (!known) token.actors.add(issuedBy);
    if (kmsRequestId !== undefined) token.requestId = kmsRequestId;
    if (state === 'active') token.activatedAt ??= iat * 1000;
  }

  all(): readonly TokenSignature[] {
    return [...this.#tokens].map(([jti, found]) => ({ client: this.#client, jti, ...found }));
  }

  grants(): readonly GrantSignature[] {
    return this.#grants;
  }

  #token(jti: string): Found {
    const found = this.#tokens.get(jti) ?? {
      kid: '',
      attempts: [],
      activatedAt: undefined,
      requestId: undefined,
      actors: new Set<string>(),
    };
    this.#tokens.set(jti, found);
    return found;
  }
}
