/**
 * Pairs the signing calls of an independent log with the registry, to show that nobody else made a token: every
 * signature by a key of the ring must be accounted for, and every token must have its signature.
 */
import { MAIN_RING, type AuditEvent, type Client, type EpochMillis, type KeyRing } from '../domain/records.ts';
import type { Registry } from '../ports/registry.ts';
import type { SignCall } from '../ports/sign-log.ts';
import { SignAttempts } from './sign-attempts.ts';
import { SignLedger } from './sign-ledger.ts';
import { TokenSignatures, type GrantSignature, type TokenSignature } from './token-signatures.ts';

/** How long after a record was prepared a signature may have been meant for it, and no longer: 15 minutes. */
const ATTEMPT_MILLIS: number = 15 * 60_000;
/** How far the clocks of log and registry may be apart. */
const CLOCK_MILLIS = 60_000;

export type ReconcileFindingKind =
  /** A signature that nothing in the registry accounts for. */
  | 'unexplained_signature'
  /** A token that became live, of which the log knows no signature. */
  | 'token_without_signature'
  /** A token's signature, made by somebody who did not work on it. */
  | 'unexpected_principal'
  /** A token's signature, by another key than its record names. */
  | 'unexpected_key'
  /** One signature to which a second token lays claim. */
  | 'signature_claimed_twice';

export interface ReconcileFinding {
  readonly kind: ReconcileFindingKind;
  readonly call?: SignCall;
  readonly client?: string;
  readonly jti?: string;
  /** Who or what it should have been. */
  readonly expected?: string;
}

/** A signature that never became a token: a run that crashed, was repeated or resumed. */
export interface AbandonedAttempt {
  readonly call: SignCall;
  readonly client: string;
  readonly jti: string;
}

export interface Reconciliation {
  /** What the log covers; tokens made outside are not judged. */
  readonly from: EpochMillis;
  readonly until: EpochMillis;
  readonly matched: number;
  /** Signatures over the events of a commit that prepared tokens, each of which is kept with its event. */
  readonly grants: number;
  readonly abandoned: readonly AbandonedAttempt[];
  readonly findings: readonly ReconcileFinding[];
  /** Signing calls that need no counterpart. */
  readonly ignored: {
    readonly duplicates: number;
    readonly unsigned: number;
    readonly otherKeys: number;
    /** Not claimed by any token, and before or after what is looked at. */
    readonly outside: number;
  };
  /** Tokens that became live outside of the window. */
  readonly unjudged: number;
}

export interface ReconcileRequest {
  readonly ledger: SignLedger;
  readonly from: EpochMillis;
  readonly until: EpochMillis;
  /** Until when signatures are judged, where that is later: what the log shows need not be waited for. */
  readonly signedUntil?: EpochMillis;
  /** Told after every client. */
  readonly progress?: (clients: number) => void;
}

/** Reads every client's events and tokens once; holds the log's signing calls and one client at a time. */
export async function reconcile(registry: Registry, request: ReconcileRequest): Promise<Reconciliation> {
  const course = new Course(request);
  for await (const client of registry.clients()) {
    course.judge(await signaturesOf(registry, client));
    request.progress?.(1);
  }
  return course.end();
}

/** What the ring's keys are called in the log, by `kid`. */
function signingKeys(ring: KeyRing | undefined): ReadonlyMap<string, string> {
  return new Map((ring?.keys ?? []).map(({ kid, ref }) => [kid, ref]));
}

export async function readSigningKeys(registry: Pick<Registry, 'getRing'>): Promise<ReadonlyMap<string, string>> {
  return signingKeys(await registry.getRing(MAIN_RING));
}

async function signaturesOf(registry: Registry, client: Client): Promise<TokenSignatures> {
  const found = new TokenSignatures(client.id);
  const events: AsyncIterable<AuditEvent> = registry.eventsOf({ kind: 'client', id: client.id });
  for await (const event of events) found.add(event);
  for await (const record of registry.tokensOfClient(client.id)) found.addRecord(record);
  return found;
}

class Course {
  readonly #ledger: SignLedger;
  readonly #from: EpochMillis;
  readonly #until: EpochMillis;
  readonly #signedUntil: EpochMillis;
  readonly #findings: ReconcileFinding[] = [];
  readonly #claimed = new Set<SignCall>();
  /** Prepared records near the window, for what is left at the end. */
  readonly #attempts = new SignAttempts(ATTEMPT_MILLIS, CLOCK_MILLIS);
  /** Tokens that became live without a request id on record: an attempt of theirs must account for them. */
  readonly #unnamed = new Map<string, ReconcileFinding>();
  #matched = 0;
  #grants = 0;
  #unjudged = 0;

  constructor({ ledger, from, until, signedUntil = until }: ReconcileRequest) {
    this.#ledger = ledger;
    this.#from = from;
    this.#until = until;
    this.#signedUntil = Math.max(until, signedUntil);
  }

  judge(found: TokenSignatures): void {
    // First: a token that lays claim to the signature of a grant is then seen to.
    for (const grant of found.grants()) this.#judgeGrant(grant);
    for (const token of found.all()) this.#judgeOne(token);
  }

  end(): Reconciliation {
    const abandoned: AbandonedAttempt[] = [];
    const waiting = new Set(this.#unnamed.keys());
    let outside = 0;
    this.#attempts.sort(waiting);
    for (const call of this.#ledger.calls()) {
      if (this.#claimed.has(call)) continue;
      const attempt = this.#attempts.behind(call, this.#ledger.kidOf(call.keyArn), waiting);
      if (attempt !== undefined) waiting.delete(attempt.jti);
      // Seconds are all that the log tells.
      if (call.at < this.#from - 999 || call.at > this.#signedUntil) outside += 1;
      else if (attempt === undefined) this.#findings.push({ kind: 'unexplained_signature', call });
      else abandoned.push({ call, client: attempt.client, jti: attempt.jti });
    }
    return {
      from: this.#from,
      until: this.#until,
      matched: this.#matched,
      grants: this.#grants,
      abandoned,
      findings: [...this.#findings, ...[...waiting].flatMap((jti) => this.#unnamed.get(jti) ?? [])],
      ignored: { ...this.#ledger.ignored, outside },
      unjudged: this.#unjudged,
    };
  }

  /** The request id of a grant is not part of what is hashed: it explains only the signature that the event could have. */
  #judgeGrant({ requestId, at, actor, kid }: GrantSignature): void {
    const call = this.#ledger.call(requestId);
    if (call === undefined || this.#claimed.has(call) || call.principal !== actor) return;
    const inTime = call.at >= at - CLOCK_MILLIS && call.at <= at + ATTEMPT_MILLIS;
    if (!inTime || !this.#ledger.isKey(kid, call.keyArn)) return;
    this.#claimed.add(call);
    this.#grants += 1;
  }

  #judgeOne(token: TokenSignature): void {
    const { client, jti, attempts } = token;
    const near = (at: EpochMillis): boolean =>
      at >= this.#from - ATTEMPT_MILLIS - CLOCK_MILLIS && at <= this.#signedUntil + CLOCK_MILLIS;
    for (const attempt of attempts) if (near(attempt.at)) this.#attempts.add({ ...attempt, client, jti });
    // Keys that are files sign without a log.
    if (token.activatedAt === undefined || !this.#ledger.knowsKey(token.kid)) return;
    const call = token.requestId === undefined ? undefined : this.#ledger.call(token.requestId);
    if (call !== undefined) this.#claim(token, call);
    else if (!this.#covers(token)) this.#unjudged += 1;
    else if (token.requestId === undefined) this.#unnamed.set(jti, { kind: 'token_without_signature', client, jti });
    else this.#findings.push({ kind: 'token_without_signature', client, jti, expected: token.requestId });
  }

  #claim({ client, jti, kid, actors }: TokenSignature, call: SignCall): void {
    const place = { call, client, jti };
    if (this.#claimed.has(call)) {
      this.#findings.push({ kind: 'signature_claimed_twice', ...place });
      return;
    }
    this.#claimed.add(call);
    if (!this.#ledger.isKey(kid, call.keyArn)) {
      this.#findings.push({ kind: 'unexpected_key', ...place, expected: kid });
    } else if (!actors.has(call.principal)) {
      this.#findings.push({ kind: 'unexpected_principal', ...place, expected: [...actors].join(', ') });
    } else {
      this.#matched += 1;
    }
  }

  /** Whether the log would show the signature that made this token live. */
  #covers({ attempts, activatedAt }: TokenSignature): boolean {
    const started = attempts.findLast(({ at }) => activatedAt === undefined || at <= activatedAt)?.at ?? activatedAt;
    return started !== undefined && started >= this.#from && (activatedAt ?? started) <= this.#until;
  }
}
