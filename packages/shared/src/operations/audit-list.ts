/** The events that somebody asks about, oldest first, one at a time. */
import { withoutGrant } from '../domain/events.ts';
import { ApikeyError } from '../domain/errors.ts';
import { isJti } from '../domain/identifiers.ts';
import type { AuditEvent, EpochMillis } from '../domain/records.ts';
import { formatMillis, MAX_EPOCH_SECONDS } from '../domain/time.ts';
import type { Registry } from '../ports/registry.ts';
import { findTokenRecord } from './lookup.ts';

export interface EventFilter {
  readonly since?: EpochMillis | undefined;
  /** Exclusive. */
  readonly until?: EpochMillis | undefined;
  readonly client?: string | undefined;
  /** A whole `jti`, or beside a client its first characters. */
  readonly token?: string | undefined;
  /** A part of the actor's name. */
  readonly actor?: string | undefined;
  /** `token.revoked`, or `token` for all about tokens. */
  readonly action?: string | undefined;
}

const FOREVER = (MAX_EPOCH_SECONDS + 1) * 1000;

/** Throws `TOKEN_NOT_FOUND` or `AMBIGUOUS` for a token that events do not make clear either. */
export async function* listEvents(registry: Registry, filter: EventFilter): AsyncGenerator<AuditEvent> {
  const { since = 0, until = FOREVER, actor = '', action } = filter;
  const subject = filter.token === undefined ? undefined : await subjectOf(registry, filter.token, filter.client);
  const client = subject?.client ?? filter.client;
  const events =
    client === undefined ? registry.eventsByTime(since, until) : registry.eventsOf({ kind: 'client', id: client });
  const [from, to] = [formatMillis(since), until >= FOREVER ? '~' : formatMillis(until)];
  for await (const event of events) {
    const wanted =
      event.at >= from &&
      event.at < to &&
      event.actor.includes(actor) &&
      (action === undefined || event.action === action || event.action.startsWith(`${action}.`)) &&
      (subject === undefined || event.subject.startsWith(subject.jti));
    if (wanted) yield withoutGrant(event);
  }
}

/** Why something was done, as its admin said. */
export function reasonOf({ detail }: AuditEvent): string | undefined {
  const reason = detail.reason ?? detail.after['reason'];
  return typeof reason === 'string' ? reason : undefined;
}

/** The record may be gone, long after its token expired; its events are not. */
async function subjectOf(
  registry: Registry,
  token: string,
  client: string | undefined,
): Promise<{ readonly jti: string; readonly client: string | undefined }> {
  try {
    const record = await findTokenRecord(registry, token, client);
    return { jti: record.jti, client: record.client };
  } catch (error) {
    const gone = error instanceof ApikeyError && error.code === 'TOKEN_NOT_FOUND' && isJti(token.toLowerCase());
    if (!gone) throw error;
    return { jti: token.toLowerCase(), client };
  }
}
