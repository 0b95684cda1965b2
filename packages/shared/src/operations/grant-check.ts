/** Follows a chain event by event, and says which of its tokens were prepared without a grant of a signing key. */
import { aggregateName, type AggregateRef, type AuditEvent, type KeyRing } from '../domain/records.ts';
import { keyFlaw, LARGEST_COMMIT, verifyGrant, type GrantVerifier } from './grants.ts';

/** A token that an event prepared, or prepared anew, which no grant vouches for. */
export interface Unproven {
  readonly jti: string;
  readonly seq: number;
  readonly why: string;
  /** The key of its grant is disabled: it may be proven. */
  readonly unchecked: boolean;
}

export class GrantCheck {
  readonly #verifier: GrantVerifier;
  readonly #aggregate: string;
  readonly #ring: KeyRing | undefined;
  /** The newest events, back to the last grant: those that the next one may vouch for. */
  #events: AuditEvent[] = [];

  /** @param ring whose keys' grants hold; absent = of any key that the provider has enabled */
  constructor(verifier: GrantVerifier, aggregate: AggregateRef, ring?: KeyRing) {
    this.#verifier = verifier;
    this.#aggregate = aggregateName(aggregate);
    this.#ring = ring;
  }

  /** What is now known to be unproven. Events in the order of their chain; throws what the key provider throws. */
  async next(event: AuditEvent): Promise<readonly Unproven[]> {
    this.#events.push(event);
    if (event.grant === undefined) {
      // No commit is larger: a grant that is still to come cannot vouch for the first of them.
      return this.#events.length < LARGEST_COMMIT ? [] : unproven(this.#events.splice(0, 1), MISSING);
    }
    const events = this.#events;
    this.#events = [];
    const verdict = await verifyGrant(this.#verifier, this.#aggregate, events);
    if ('flaw' in verdict) return unproven(events, verdict.flaw, verdict.unchecked);
    const flaw = this.#ring === undefined ? undefined : keyFlaw(this.#ring, verdict.kid);
    if (flaw !== undefined) return unproven(events, flaw);
    return unproven(
      events.filter(({ seq }) => seq < verdict.fromSeq),
      MISSING,
    );
  }

  /** What the end of the chain leaves unproven. */
  end(): readonly Unproven[] {
    return unproven(this.#events, MISSING);
  }
}

const MISSING = 'no statement of a signing key is kept with it';

function unproven(events: readonly AuditEvent[], why: string, unchecked = false): Unproven[] {
  return events
    .filter(({ action }) => action === 'token.prepared' || action === 'token.reprepared')
    .map(({ subject, seq }) => ({ jti: subject, seq, why, unchecked }));
}
