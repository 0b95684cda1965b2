/** What a signed grant gave to a token record: read and verified before anything is signed that rests on the record. */
import { ApikeyError, RefusedError } from '../domain/errors.ts';
import {
  aggregateName,
  type AggregateRef,
  type AuditEvent,
  type EpochMillis,
  type EventAction,
  type Json,
  type KeyRing,
  type TokenRecord,
} from '../domain/records.ts';
import { parseTokenRecord } from '../domain/schema.ts';
import type { Registry } from '../ports/registry.ts';
import { keyFlaw, LARGEST_COMMIT, verifyGrant, type GrantVerifier } from './grants.ts';

export interface GrantReader extends GrantVerifier {
  readonly registry: Pick<Registry, 'eventsOf'>;
}

export interface Granted {
  /** The record as its signed event made it, with payload and key of the newest signed event that prepared it anew. */
  readonly record: TokenRecord;
  /** Of the request that it was prepared for. */
  readonly parameterHash: string | undefined;
  readonly preparedAt: EpochMillis;
}

/**
 * Reads what was granted to a record. Takes nothing from the record but where to look. One read of the events of one
 * commit, and one more for a record that was prepared anew. Throws `GRANT_NOT_VERIFIED`, which names no value of the record.
 *
 * @param ring as it is now: it can only take away
 */
export async function readGranted(deps: GrantReader, record: TokenRecord, ring: KeyRing): Promise<Granted> {
  const aggregate: AggregateRef = { kind: 'client', id: record.client };
  const read = (seq: number, action: EventAction): Promise<AuditEvent> =>
    readGrantedEvent(deps, aggregate, { seq, action, jti: record.jti, ring });
  if (record.grantSeq === undefined) throw notVerified(record.jti, 'the record names no event that prepared it');
  const prepared = await read(record.grantSeq, 'token.prepared');
  const made = parseGranted(prepared, prepared.detail.after);
  if (made.jti !== record.jti || made.client !== record.client) throw notVerified(record.jti, NOT_ITS_OWN);
  const { parameterHash } = prepared.detail;
  const granted = { parameterHash, preparedAt: Date.parse(prepared.at) };
  if (record.regrantSeq === undefined) return { ...granted, record: made };
  const again = await read(record.regrantSeq, 'token.reprepared');
  return { ...granted, record: parseGranted(again, { ...prepared.detail.after, ...again.detail.after }) };
}

const NOT_ITS_OWN = 'the event that it names prepared another token';

interface Wanted {
  readonly seq: number;
  readonly action: EventAction;
  readonly jti: string;
  readonly ring: KeyRing;
}

/** The event with this `seq`, once the grant of its commit has proved to vouch for it. */
async function readGrantedEvent(
  deps: GrantReader,
  aggregate: AggregateRef,
  { seq, action, jti, ring }: Wanted,
): Promise<AuditEvent> {
  const events = await readCommit(deps, aggregate, seq, jti);
  const [event] = events;
  if (event?.seq !== seq || event.action !== action || event.subject !== jti) throw notVerified(jti, NOT_ITS_OWN);
  const verdict = await verifyGrant(deps, aggregateName(aggregate), events);
  if ('flaw' in verdict) throw notVerified(jti, verdict.flaw);
  if (verdict.fromSeq > seq) throw notVerified(jti, 'the statement that is kept with it is about later events');
  const flaw = keyFlaw(ring, verdict.kid);
  if (flaw === undefined) return event;
  throw notVerified(jti, flaw);
}

/** From an event to the end of its commit, which is where a grant is. */
async function readCommit(
  { registry }: GrantReader,
  aggregate: AggregateRef,
  seq: number,
  jti: string,
): Promise<readonly AuditEvent[]> {
  const events: AuditEvent[] = [];
  try {
    for await (const event of registry.eventsOf(aggregate, seq, seq + LARGEST_COMMIT - 1)) {
      events.push(event);
      if (event.grant !== undefined) break;
    }
  } catch (error) {
    if (!(error instanceof ApikeyError) || error.code !== 'STORE_DAMAGED') throw error;
    throw notVerified(jti, 'an event of its client cannot be read', error);
  }
  return events;
}

function parseGranted({ subject }: AuditEvent, members: Readonly<Record<string, Json>>): TokenRecord {
  try {
    return parseTokenRecord(members);
  } catch (error) {
    throw notVerified(subject, 'its event describes no token', error);
  }
}

function notVerified(jti: string, why: string, cause?: unknown): RefusedError {
  return new RefusedError('GRANT_NOT_VERIFIED', `the registry does not prove what token ${jti} was granted`, {
    why,
    fix:
      'find out who changed the registry: apikey audit verify. To replace a token all the same, say whose it is and what ' +
      'it may do: apikey rotate with --client, --scope, --audience and --ttl; for a request that was not finished, use ' +
      'another request id',
    cause,
  });
}
